// Packets for a pcapng file, from a recording as it is reconstructed: one for each path, or one for each event.
import { EventKind, type Loss } from "@skbtracer/format";
import { dissect } from "../dissect/packet.js";
import { captureOf } from "../event/trace-event.js";
import type { Life } from "../reconstruct/life.js";
import type { FollowedBatch, Lives } from "../reconstruct/lives.js";
import type { FinishedPath } from "../reconstruct/followed-path.js";
import type { Found } from "../reconstruct/reconstruction.js";
import type { PathRow } from "../tables/rows.js";
import { interfaceBlock, LINKTYPE_ETHERNET, LINKTYPE_RAW, packetBlock, sectionBlock } from "./pcapng.js";

/** What to write. */
export interface PathPacketsOptions {
  /** A packet for each sight and drop, instead of one for each path. */
  readonly allHops: boolean;
  readonly application: string;
  /** ns since 1970 at the recording's start. */
  startUnixNs(): bigint;
  /** Losses so far, in ns since the recording's start. */
  losses(): readonly Pick<Loss, "beforeNs" | "count">[];
  isWanted(path: PathRow): boolean;
}

interface Seen {
  readonly timeNs: number;
  readonly interface: number;
  readonly hasDevice: boolean;
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  /** Of an event: its function. */
  readonly what: string;
}

interface Pending {
  readonly seen: Seen;
  readonly comment: string;
  readonly path: number;
}

/** Packets that wait for earlier ones: a path's is known when it ends, and stands where it began. */
const PENDING_MAX = 65_536;

const SHOWN: ReadonlySet<number> = new Set([EventKind.SIGHT, EventKind.DROP, EventKind.TRAVERSAL]);

/** Makes the blocks. */
export class PathPackets {
  /** Events, or paths, whose bytes have neither a link layer nor IP: they are left out. */
  withoutPacket = 0;
  written = 0;
  readonly #options: PathPacketsOptions;
  readonly #interfaces = new Map<string, number>();
  readonly #seen = new Map<number, Seen[]>();
  #pending: Pending[] = [];
  #blocks: Uint8Array[] = [];
  /** Of the last packet written: losses up to here have been told. */
  #toldNs = Number.NEGATIVE_INFINITY;

  constructor(options: PathPacketsOptions) {
    this.#options = options;
  }

  /** The blocks that a file begins with. */
  begin(facts: { os?: string; comment?: string }): Uint8Array[] {
    return [sectionBlock({ ...facts, application: this.#options.application })];
  }

  /** Takes what a batch gave. */
  take(found: Found, lives: Lives): Uint8Array[] {
    this.#look(found.followed, lives);
    for (const finished of found.paths) this.#finish(finished);
    // Those that nobody wanted
    for (const { id } of found.followed.ended) this.#seen.delete(id);
    if (this.#pending.length > PENDING_MAX) this.#write(this.#pending.length / 2);
    return this.#taken();
  }

  /** Takes the paths that had not ended, and gives the rest. */
  end(paths: readonly FinishedPath[]): Uint8Array[] {
    for (const finished of paths) this.#finish(finished);
    this.#write(this.#pending.length);
    return this.#taken();
  }

  #look(followed: FollowedBatch, lives: Lives): void {
    const kinds = followed.batch.narrow("kind");
    for (let i = 0; i < followed.batch.length; i++) {
      const life = followed.lives[i];
      if (!life || !SHOWN.has(kinds[i] ?? 0)) continue;
      const all = this.#seen.get(life.id);
      if (all && !this.#options.allHops && all[0]?.hasDevice) continue;
      if (this.#options.allHops && kinds[i] === EventKind.TRAVERSAL) continue;
      const seen = this.#see(followed, i, life, lives);
      if (!seen) {
        if (this.#options.allHops) this.withoutPacket++;
      } else if (!all) this.#seen.set(life.id, [seen]);
      else if (this.#options.allHops) all.push(seen);
      else if (seen.hasDevice) all[0] = seen;
    }
  }

  /** The packet of event `i`, from its link layer on if it has one, else from IP on. */
  #see(followed: FollowedBatch, i: number, life: Life, lives: Lives): Seen | undefined {
    const { batch } = followed;
    const capture = captureOf(batch, i);
    const packet = dissect(capture);
    const isRaw = packet.macOffset < 0;
    const start = isRaw ? packet.networkOffset : packet.macOffset;
    if (start < 0 || (isRaw && packet.ipVersion === undefined)) return undefined;
    const device = lives.devices.all[followed.devices[i] ?? -1];
    const hasDevice = (device?.ifindex ?? 0) !== 0;
    const name = hasDevice ? (device?.name ?? `ifindex${device?.ifindex}`) : "none";
    const linkType = isRaw ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
    const what = lives.functions.names[followed.functions[i] ?? -1] ?? "?";
    return {
      timeNs: batch.times[i] ?? life.firstNs,
      interface: this.#interface(name, device?.netns ?? 0, linkType),
      hasDevice,
      bytes: Uint8Array.from(capture.bytes.subarray(start)),
      originalLength: (batch.narrow("len")[i] ?? 0) + capture.data - start,
      what:
        batch.narrow("kind")[i] === EventKind.DROP
          ? `dropped: ${life.drop?.reason ?? "no reason given"} at ${life.drop?.location}`
          : what,
    };
  }

  #interface(name: string, netns: number, linkType: number): number {
    const key = `${linkType}/${netns}/${name}`;
    let number = this.#interfaces.get(key);
    if (number === undefined) {
      number = this.#interfaces.size;
      this.#interfaces.set(key, number);
      const description = `network namespace ${netns}${linkType === LINKTYPE_RAW ? ", seen without link layer" : ""}`;
      this.#blocks.push(interfaceBlock({ name, description, linkType }));
    }
    return number;
  }

  #finish({ path }: FinishedPath): void {
    const seen = this.#seen.get(path.path);
    this.#seen.delete(path.path);
    if (!this.#options.isWanted(path)) return;
    if (!seen) {
      if (!this.#options.allHops) this.withoutPacket++;
      return;
    }
    for (const one of seen) {
      const comment = this.#options.allHops ? `${one.what} (${pathText(path)})` : pathText(path, true);
      this.#pending.push({ seen: one, comment, path: path.path });
    }
  }

  #write(count: number): void {
    const sorted = this.#pending.toSorted((a, b) => a.seen.timeNs - b.seen.timeNs);
    this.#pending = sorted.slice(count);
    const losses = this.#options
      .losses()
      .filter(({ beforeNs }) => beforeNs > this.#toldNs)
      .toSorted((a, b) => a.beforeNs - b.beforeNs);
    let told = 0;
    for (const { seen, comment, path } of sorted.slice(0, count)) {
      let dropped = 0n;
      for (let loss = losses[told]; loss && loss.beforeNs <= seen.timeNs; loss = losses[++told])
        dropped += BigInt(loss.count);
      this.#toldNs = Math.max(this.#toldNs, seen.timeNs);
      this.written++;
      this.#blocks.push(
        packetBlock({
          interface: seen.interface,
          unixNs: this.#options.startUnixNs() + BigInt(Math.round(seen.timeNs)),
          bytes: seen.bytes,
          originalLength: seen.originalLength,
          comment,
          id: BigInt(path),
          dropped,
        }),
      );
    }
  }

  #taken(): Uint8Array[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }
}

function pathText(path: PathRow, withWay = false): string {
  const parts = [`path ${path.path}`, path.outcome];
  if (path.drop_location !== null)
    parts.push(`${path.drop_reason ?? "no reason given"} at ${path.drop_location}`);
  if (path.verdicts !== null) parts.push(`verdicts: ${path.verdicts}`);
  if (withWay && path.functions !== "") parts.push(`way: ${path.functions}`);
  if (!path.complete) parts.push(`not complete: ${path.incomplete_because}`);
  return parts.join("; ");
}
