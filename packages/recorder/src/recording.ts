// A recording under way: rounds of draining all rings into the log, until something ends it.
import { setTimeout as delay } from "node:timers/promises";
import {
  type AddressCount,
  ChunkType,
  type Cost,
  dictionaryJson,
  encodeClock,
  encodeLost,
  encodeRound,
  type LogEncoder,
} from "@skbtracer/format";
import type { Counters } from "./bpf/counters.js";
import { SinkError } from "./errors.js";
import { Clock, clockNs, waitForEpoll } from "./ffi/libc.js";
import type { LogSink } from "./log/sink.js";
import type { NameCollector } from "./names.js";
import type { PerfRings } from "./rings/perf-rings.js";

/** Rounds come at least this often. */
const ROUND_MS = 100;

/**
 * An event is stamped first and written to the ring then; in between its CPU can be interrupted, or (a virtual one) be
 * stopped by its host. What was stamped this long before a round began is taken to have been written.
 */
const ORDER_SLACK_NS = 100_000_000n;

/** Clocks and counters are written this often. */
const STATS_EVERY_NS = 5_000_000_000n;

/** Programs that were running when the probes were stopped have ended after this. */
const RUNNING_MS = 20;

/** What a recording is made of. */
export interface RecordingParts {
  readonly sink: LogSink;
  readonly encoder: LogEncoder;
  readonly rings: PerfRings;
  readonly counters: Counters;
  readonly names: NameCollector;
  /** Online CPUs. */
  readonly cpus: readonly number[];
  /** CLOCK_MONOTONIC at the log's start. */
  readonly startNs: bigint;
  /** Stops the probes: none writes an event any more but those that are running. */
  stopProbes(): void;
  /** Undoes what was changed on the host for the recording, with the probes stopped. */
  restoreHost(): Promise<void>;
  /** Detaches the probes, which can take as long as attaching them, and frees everything. The log is written by then. */
  release(): void;
  /** The program's counters by probe, for STATS. */
  failuresByProbe(): AddressCount[];
  /** What the probes have cost, for STATS. */
  cost(): Cost;
  /** What else is written at the end: the rules in force then. Errors of the sink go through. */
  finish(write: (type: number, json: unknown) => void): Promise<void>;
}

/** When to end by itself. */
export interface Limits {
  /** Seconds. */
  readonly duration?: number;
  /** Events; a round may bring some more. */
  readonly count?: number;
}

/** How a recording is getting on. */
export interface Progress {
  /** Events in the log. */
  readonly events: number;
  readonly lost: number;
  readonly bytes: number;
  /** Since the probes began. */
  readonly seconds: number;
}

/** How it ended. */
export interface Summary extends Progress {
  readonly reason: string;
  /** Why the log could not be written to its end. */
  readonly error: SinkError | undefined;
}

/** A recording under way. */
export class Recording {
  /** Resolves when the log is closed. */
  readonly done: Promise<Summary>;
  readonly #parts: RecordingParts;
  readonly #limits: Limits;
  readonly #lostWritten = new Map<number, bigint>();
  /** Attaching took its time before this. */
  readonly #begunNs: bigint = clockNs(Clock.MONOTONIC);
  #stopReason: string | undefined;
  #error: SinkError | undefined;
  #lastRoundNs: bigint;
  #lastSafeNs = 0n;
  #lastDataNs = 0n;
  #lastStatsNs = 0n;

  /** The probes are attached and the first chunks written: draining begins. */
  constructor(parts: RecordingParts, limits: Limits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#lastRoundNs = parts.startNs;
    this.done = this.#run();
  }

  /** Ends the recording; `done` resolves when the log is closed. The first reason counts. */
  stop(reason: string): void {
    this.#stopReason ??= reason;
  }

  progress(): Progress {
    const { counters, encoder } = this.#parts;
    const lost = counters.sum("failed");
    return {
      events: counters.sum("attempts") - lost,
      lost,
      bytes: encoder.bytes,
      seconds: Number(clockNs(Clock.MONOTONIC) - this.#begunNs) / 1e9,
    };
  }

  async #run(): Promise<Summary> {
    const { rings } = this.#parts;
    try {
      while (this.#stopReason === undefined) {
        await waitForEpoll(rings.epollFd, this.#nextWait());
        this.#round();
        this.#checkLimits();
      }
    } catch (error) {
      this.#fail(error);
    }
    return this.#close();
  }

  /** The last rounds, with all probes stopped; then the end. */
  async #close(): Promise<Summary> {
    const { sink } = this.#parts;
    this.#parts.stopProbes();
    await this.#parts.restoreHost();
    await delay(RUNNING_MS);
    try {
      if (!this.#error) {
        this.#round();
        await this.#parts.finish((type, json) => sink.write(this.#parts.encoder.json(type, json)));
        this.#writeStats(clockNs(Clock.MONOTONIC));
        sink.write(this.#parts.encoder.index());
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#writeEnd();
    const summary = { ...this.progress(), reason: this.#stopReason ?? "unknown", error: this.#error };
    sink.close();
    this.#parts.release();
    return summary;
  }

  #fail(error: unknown): void {
    if (!(error instanceof SinkError)) throw error;
    this.#error ??= error;
    this.stop(error.code);
  }

  /** After a failure too: the failed write has made room, if the disk was full. */
  #writeEnd(): void {
    const { counters, encoder, sink, startNs } = this.#parts;
    const end = {
      reason: this.#stopReason,
      atNs: Number(clockNs(Clock.MONOTONIC) - startNs),
      attempts: counters.sum("attempts"),
      failed: counters.sum("failed"),
    };
    try {
      sink.write(encoder.json(ChunkType.END, end));
    } catch (error) {
      this.#fail(error);
    }
  }

  #nextWait(): number {
    if (this.#limits.duration === undefined) return ROUND_MS;
    const left = this.#limits.duration * 1000 - this.progress().seconds * 1000;
    return Math.max(0, Math.min(ROUND_MS, Math.ceil(left)));
  }

  #checkLimits(): void {
    const { duration, count } = this.#limits;
    if (duration === undefined && count === undefined) return;
    const { events, seconds } = this.progress();
    if (duration !== undefined && seconds >= duration) this.stop("duration");
    if (count !== undefined && events >= count) this.stop("count");
  }

  /** Drains every ring once. */
  #round(): void {
    const { sink, encoder, rings, counters, names } = this.#parts;
    const startedNs = clockNs(Clock.MONOTONIC);
    for (const unread of rings.unread()) {
      const { cpu, spans } = unread;
      const lost = counters.of(cpu, "failed");
      const facts = { cpu, firstNs: this.#lastRoundNs, lastNs: clockNs(Clock.MONOTONIC), lost };
      sink.write(encoder.chunk(ChunkType.RAW, spans, facts));
      unread.release();
      this.#lostWritten.set(cpu, lost);
      this.#lastDataNs = facts.lastNs;
    }
    this.#writeLosses(startedNs);
    const entries = names.collect();
    if (entries) sink.write(encoder.json(ChunkType.DICTIONARY, dictionaryJson(entries)));
    if (startedNs - this.#lastStatsNs >= STATS_EVERY_NS) this.#writeStats(startedNs);
    // Rounds go on after the last events until they are known to be complete.
    if (this.#lastSafeNs <= this.#lastDataNs) {
      const safeNs = startedNs - ORDER_SLACK_NS;
      sink.write(encoder.chunk(ChunkType.ROUND, [encodeRound({ startedNs, safeNs })]));
      this.#lastSafeNs = safeNs;
    }
    this.#lastRoundNs = startedNs;
  }

  /** Refusals on CPUs whose rings had nothing else to say. */
  #writeLosses(nowNs: bigint): void {
    const { sink, encoder, counters, cpus } = this.#parts;
    for (const cpu of cpus) {
      const total = counters.of(cpu, "failed");
      const written = this.#lostWritten.get(cpu) ?? 0n;
      if (total === written) continue;
      const lost = { fromNs: this.#lastRoundNs, toNs: nowNs, count: total - written, total };
      sink.write(encoder.chunk(ChunkType.LOST, [encodeLost(lost)], { cpu, lost: total }));
      this.#lostWritten.set(cpu, total);
    }
  }

  #writeStats(nowNs: bigint): void {
    const { sink, encoder, counters, startNs } = this.#parts;
    this.#lastStatsNs = nowNs;
    sink.write(encoder.chunk(ChunkType.CLOCK, [encodeClock(sampleClocks())]));
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const stats = {
      atNs: Number(nowNs - startNs),
      counters: counters.sums(),
      failures: this.#parts.failuresByProbe(),
      cost: this.#parts.cost(),
      recorder: { userMicroseconds: userCPUTime, systemMicroseconds: systemCPUTime, maxResidentKib: maxRSS },
    };
    sink.write(encoder.json(ChunkType.STATS, stats));
  }
}

/** One moment by four clocks. */
export function sampleClocks(): {
  monotonicNs: bigint;
  realtimeNs: bigint;
  boottimeNs: bigint;
  taiNs: bigint;
} {
  return {
    monotonicNs: clockNs(Clock.MONOTONIC),
    realtimeNs: clockNs(Clock.REALTIME),
    boottimeNs: clockNs(Clock.BOOTTIME),
    taiNs: clockNs(Clock.TAI),
  };
}
