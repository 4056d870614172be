// skbtracer probes: what this kernel offers to probe.
import { type ListedProbe, listProbes, type ProbeList } from "@skbtracer/recorder";
import type { Command } from "commander";
import { Page } from "../io/page.js";
import { splitPatterns } from "../options/record-options.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { outputStyle } from "../print/style.js";
import { PROBE_SETS_HELP } from "../options/probe-sets-help.js";
import type { SetExitCode } from "./table.js";
import { note } from "./recording-end.js";

const EXAMPLES = `
${PROBE_SETS_HELP}

Examples:
  skbtracer probes
  skbtracer probes 'tcp_*' bridge
  skbtracer probes --json | jq -r 'select(.can_be_probed) | .name'
`;

/** Adds the command. */
export function addProbesCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command("probes")
    .description("what this kernel offers to probe: functions that take an skb, and tracepoints")
    .argument("[pattern...]", "names, globs and sets, as for --probes")
    .option("--json", "print NDJSON: an object a line")
    .addHelpText("after", EXAMPLES)
    .action(async (patterns: string[], flags: { json?: true }) => {
      await print(listProbes(patterns.flatMap(splitPatterns)), flags.json ?? false);
      setExitCode(0);
    });
}

async function print(list: ProbeList, asJson: boolean): Promise<void> {
  const page = new Page();
  if (asJson) for (const probe of list.probes) await page.line(JSON.stringify(members(probe)));
  else {
    const style = outputStyle();
    const [heading = "", ...lines] = tableLines(
      [
        { heading: "NAME" },
        { heading: "MODULE" },
        { heading: "SKB", right: true },
        { heading: "RETURNS" },
        { heading: "SETS" },
        { heading: "NOT PROBED BECAUSE" },
      ],
      list.probes.map((probe) => [
        escapeText(probe.name),
        escapeText(probe.module ?? ""),
        String(probe.argument),
        escapeText(probe.returnType ?? ""),
        probe.sets.join(","),
        // Said once, below.
        probe.reason === list.noKprobes ? "" : escapeText(probe.reason ?? ""),
      ]),
      terminalWidth(),
    );
    await page.line(style.bold(heading));
    for (const line of lines) await page.line(line);
  }
  await page.end();
  if (list.noKprobes !== undefined)
    note(`${list.noKprobes}: no function can be probed here, only the tracepoints`);
}

function members({ name, type, module, argument, returnType, sets, reason }: ListedProbe) {
  return {
    name,
    type,
    module: module ?? null,
    argument,
    returns: returnType ?? null,
    sets,
    can_be_probed: reason === undefined,
    reason: reason ?? null,
  };
}
