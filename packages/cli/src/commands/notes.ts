// What every command that reads a recording says on standard error of what is missing in it.
import { haveRulesChanged, missingEvents } from "@skbtracer/analyzer";
import { missedHits, readCost, type RecordingReader } from "@skbtracer/format";
import { escapeText } from "../print/escape.js";

/**
 * One line for each thing; none if the recording is whole.
 * @param isRead whether it was read to its end; if not, only what was missing up to there is told
 */
export function notesOn(reader: RecordingReader, isRead = true): string[] {
  const notes: string[] = [];
  if (!reader.environment)
    notes.push("the description of the host is damaged or missing: names are not known");
  if (reader.lost > 0) notes.push(`${reader.lost} event(s) were lost while recording: the rings were full`);
  const cost = readCost(reader.stats);
  const missed = cost ? missedHits(cost) : 0;
  if (missed > 0)
    notes.push(`${missed} hit(s) of probes were missed by the kernel: paths may lack what was seen there`);
  for (const { offset, length, reason } of reader.damage)
    notes.push(
      length > 0
        ? `damage: bytes ${offset} to ${offset + length - 1} not used: ${reason}`
        : `damage at byte ${offset}: ${reason}`,
    );
  for (const { length, reason } of reader.gaps)
    notes.push(
      `the recording that this one was made from was damaged: ${escapeText(reason)}${length > 0 ? ` (${length} bytes)` : ""}`,
    );
  if (!isRead) return notes;
  if (!reader.ended) notes.push("the recording was not closed: its last moments may be missing");
  const missing = missingEvents(reader);
  if (missing > 0) notes.push(`${missing} event(s) that were recorded are not in the file`);
  const reused = counterOf(reader, "reused");
  if (reused > 0)
    notes.push(`${reused} end(s) of packets were not seen: their addresses were given out again meanwhile`);
  if (reader.environment?.options["nftRules"] === true && haveRulesChanged(reader.rules))
    notes.push(
      "nftables' rules were changed while recording: a rule has the text that its handle had at the start, which may be another's by then",
    );
  if (reader.late > 0) notes.push(`${reader.late} event(s) may stand out of order`);
  return notes;
}

/** A counter of the recorder's program: bpf/event.h, struct skbt_counters. 0 if the recording does not have it. */
function counterOf({ stats }: RecordingReader, name: string): number {
  const { counters } = (stats ?? {}) as { counters?: Readonly<Record<string, unknown>> | null };
  const value = counters?.[name];
  return typeof value === "number" ? value : 0;
}

/**
 * Prints the notes.
 * @param file to name, where there are several
 */
export function printNotes(reader: RecordingReader, file?: string, isRead = true): void {
  const of = file === undefined ? "" : `${escapeText(file)}: `;
  for (const note of notesOn(reader, isRead)) process.stderr.write(`skbtracer: ${of}${note}\n`);
}
