// What every command that reads a recording says on standard error of what is missing in it.
import { missingEvents } from "@skbtracer/analyzer";
import type { RecordingReader } from "@skbtracer/format";

/** One line for each thing; none if the recording is whole. */
export function notesOn(reader: RecordingReader): string[] {
  const notes: string[] = [];
  if (!reader.environment)
    notes.push("the description of the host is damaged or missing: names are not known");
  if (reader.lost > 0) notes.push(`${reader.lost} event(s) were lost while recording: the rings were full`);
  for (const { offset, length, reason } of reader.damage)
    notes.push(
      length > 0
        ? `damage: bytes ${offset} to ${offset + length - 1} not used: ${reason}`
        : `damage at byte ${offset}: ${reason}`,
    );
  if (!reader.ended) notes.push("the recording was not closed: its last moments may be missing");
  const missing = missingEvents(reader);
  if (missing > 0) notes.push(`${missing} event(s) that were recorded are not in the file`);
  if (reader.late > 0) notes.push(`${reader.late} event(s) may stand out of order`);
  return notes;
}

/** Prints the notes. */
export function printNotes(reader: RecordingReader): void {
  for (const note of notesOn(reader)) process.stderr.write(`skbtracer: ${note}\n`);
}
