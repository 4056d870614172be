// skbtracer doctor: can this host record, and what to do if not.
import { type Check, examineHost } from "@skbtracer/recorder";
import type { Command } from "commander";
import { writeOut } from "../io/output.js";
import type { SetExitCode } from "./table.js";

const MARKS: Readonly<Record<Check["status"], string>> = { ok: "ok  ", warning: "warn", failed: "FAIL" };

/** Adds the command. */
export function addDoctorCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command("doctor")
    .description("say whether this host can record, and what to do if not")
    .option("--json", "print an object")
    .addHelpText("after", "\nExit code 0: it can record, perhaps with fewer probes; 1: it cannot.\n")
    .action((flags: { json?: true }) => {
      const checks = examineHost();
      const able = checks.every(({ status }) => status !== "failed");
      writeOut(flags.json ? `${JSON.stringify({ able, checks }, undefined, 2)}\n` : doctorText(checks, able));
      setExitCode(able ? 0 : 1);
    });
}

function doctorText(checks: readonly Check[], able: boolean): string {
  const lines = checks.flatMap(({ name, status, found, remedy }) => [
    `${MARKS[status]} ${name.padEnd(12)} ${found}`,
    ...(remedy === undefined ? [] : [`     ${"".padEnd(12)} ${remedy}`]),
  ]);
  return `${lines.join("\n")}\n${able ? "This host can record." : "This host cannot record."}\n`;
}
