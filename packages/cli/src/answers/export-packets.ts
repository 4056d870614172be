// Packets of recordings as one pcapng file.
import { type PacketFilter, PathPackets } from "@skbtracer/analyzer";
import type { ReadMode, RecordingReader } from "@skbtracer/format";
import { NewFile } from "../io/new-file.js";
import { isRegularDatabase } from "../io/recording-file.js";
import { UsageError } from "../options/usage-error.js";
import { VERSION } from "../version.js";
import { type Conditions, pathHolds } from "./conditions.js";
import { readSources } from "./sources.js";

/** What to export, and where to. */
export interface PacketExport {
  readonly filter: PacketFilter;
  readonly mode: ReadMode;
  readonly conditions: Conditions;
  readonly allHops: boolean;
  readonly output: string;
  readonly force: boolean;
}

/** Exports, and says how many packets there were. What was begun is removed if that fails. */
export async function exportPackets(
  files: readonly string[],
  { filter, mode, conditions, allHops, output, force }: PacketExport,
): Promise<{ written: number; without: number }> {
  if (files.length !== 1)
    throw new UsageError("pcapng takes one recording at a time: join the results with mergecap");
  const [path = ""] = files;
  if (await isRegularDatabase(path))
    throw new UsageError(
      `${path} is a database, which has no packets' bytes: export pcapng from the recording`,
    );
  if (output === "-" && process.stdout.isTTY)
    throw new UsageError("pcapng is not for a terminal: give a file with -o, or a pipe");
  const file = new NewFile(output, force);
  try {
    let reader: RecordingReader | undefined;
    let startUnixNs = 0n;
    const packets = new PathPackets({
      allHops,
      application: `skbtracer ${VERSION}`,
      startUnixNs: () => startUnixNs,
      losses: () => reader?.losses() ?? [],
      isWanted: (row) => pathHolds(row, conditions),
    });
    const write = (blocks: readonly Uint8Array[]): void => {
      if (blocks.length > 0) file.write(Buffer.concat(blocks));
    };
    let last: Parameters<typeof packets.end>[0] = [];
    let begun = false;
    const begin = (): void => {
      begun = true;
      const host = reader?.environment?.host;
      write(packets.begin(host ? { os: `${host.hostname}, Linux ${host.kernel}` } : {}));
    };
    const tables = new Set(["paths"] as const);
    let lives: Parameters<typeof packets.take>[1] | undefined;
    for await (const rows of readSources(files, {
      tables,
      filter,
      mode,
      onRecording: (reconstruction, itsReader) => {
        reader = itsReader;
        startUnixNs = reconstruction.startUnixNs ?? 0n;
        ({ lives } = reconstruction);
        begin();
      },
    })) {
      if (rows.found && lives) write(packets.take(rows.found, lives));
      else last = rows.paths;
    }
    if (!begun) begin();
    write(packets.end(last));
    file.commit();
    return { written: packets.written, without: packets.withoutPacket };
  } catch (error) {
    file.abort();
    throw error;
  }
}
