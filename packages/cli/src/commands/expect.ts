// skbtracer expect: expectations that a good recording satisfies, as a file to be edited.
import { type AnyRow, Knowledge } from "@skbtracer/analyzer";
import { Proposals, Survey } from "@skbtracer/analyzer/expectations";
import type { Command } from "commander";
import { otherRows, readSources } from "../answers/sources.js";
import { writeOut } from "../io/output.js";
import { readMode, refuseReadOnce } from "../io/recording-file.js";
import { addModeOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { escapeText } from "../print/escape.js";
import type { SetExitCode } from "./table.js";

interface ExpectFlags {
  readonly allowLoss?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
An expectation for each flow: packets of one protocol, kind, service port and direction. Edit it: what is left out is
not asked for. What hosts send by their timers (ARP, neighbour discovery, DHCP...) is not written down.

Examples:
  skbtracer expect good.skbt > firewall.yaml
  skbtracer check good.skbt --expect firewall.yaml
`;

/** Adds the command. */
export function addExpectCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("expect")
    .description("write expectations that a good recording satisfies, as YAML to be edited")
    .argument("<file>", "a recording, or a database made by import")
    .option("--allow-loss", "also from a recording that lost events, or was made without kprobes");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: ExpectFlags) => setExitCode(await expect(file, flags)));
}

async function expect(file: string, flags: ExpectFlags): Promise<number> {
  const { allowLoss = false } = flags;
  const mode = readMode(flags);
  await refuseReadOnce(file, "expect");
  const survey = new Survey();
  const meta: AnyRow[] = [];
  const probes: AnyRow[] = [];
  const losses: AnyRow[] = [];
  const host = new Set(["paths", "meta", "probes", "losses"] as const);
  for await (const rows of readSources([file], { tables: host, filter: {}, mode })) {
    for (const { path } of rows.paths) survey.add(path);
    meta.push(...otherRows(rows, "meta"));
    probes.push(...otherRows(rows, "probes"));
    losses.push(...otherRows(rows, "losses"));
  }
  const knowledge = new Knowledge({ meta, probes, losses });
  refuseIfNotGood(file, knowledge, allowLoss);
  const proposals = new Proposals(survey);
  for await (const rows of readSources([file], { tables: new Set(["paths"]), filter: {}, mode, quiet: true }))
    for (const { path } of rows.paths) proposals.tally.add(path, rows.namespaces, rows.functions);
  const yaml = proposals.yaml(titleOf(file, meta), knowledge, { allowLoss });
  if (yaml === "") throw new UsageError(`${file}: there are no packets to expect again`);
  writeOut(yaml);
  return 0;
}

function refuseIfNotGood(file: string, { gaps, endsRecorded }: Knowledge, allowLoss: boolean): void {
  if (allowLoss) return;
  const [why] = endsRecorded ? gaps : [...gaps, "it was made without kprobes"];
  if (why !== undefined)
    throw new UsageError(
      `${file}: what is not known cannot be expected: ${why} (--allow-loss takes it for all there was)`,
    );
}

function titleOf(file: string, meta: readonly AnyRow[]): string[] {
  const kernels = [...new Set(meta.map(({ kernel }) => String(kernel ?? "an unknown kernel")))];
  return [
    escapeText(`Written by skbtracer expect from ${file}, recorded on ${kernels.join(", ")}. To be edited:`),
    "leave out what may change, and add what matters. `paths` can be a number, {at_least: 2} or {between: [2, 5]} too.",
    "docs/expectations.md has the language.",
  ];
}
