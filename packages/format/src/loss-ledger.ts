// Keeps the account of events that were refused by the rings: how many, on which CPU, between which times.
//
// Two sources tell of them. PERF_RECORD_LOST stands in the stream where the next event found room, and so says when;
// but it is missing if no event came after. The program's counter of refusals, in every chunk header, misses none.
// What the counter has beyond the stream is a loss of its own at the end.
import type { RawSegment } from "./raw-segment.js";

/** Events lost on one CPU. Times in ns since the recording's start; the loss lies between them. */
export interface Loss {
  readonly cpu: number;
  readonly afterNs: number;
  readonly beforeNs: number;
  readonly count: number;
}

interface CpuAccount {
  /** In the order of time. */
  readonly losses: Loss[];
  inStream: number;
  counted: number;
  /** Time of the last event in the stream. */
  lastNs: number;
  /** A loss after which no event has come yet. */
  open: { afterNs: number; count: number } | undefined;
}

/** The account of one recording. */
export class LossLedger {
  readonly #cpus = new Map<number, CpuAccount>();
  /** Of CPUs that have lost any: mostly none, and this is asked for each path. */
  readonly #lossy = new Set<CpuAccount>();
  readonly #losses: Loss[] = [];

  /** Enters a CPU's next segment. */
  addSegment(segment: RawSegment): void {
    const account = this.#account(segment.cpu);
    const { firstNs, lastNs } = segment;
    if (account.open && Number.isFinite(firstNs)) {
      this.#add(account, { cpu: segment.cpu, ...account.open, beforeNs: firstNs });
      account.open = undefined;
    }
    for (const { after, before, count } of segment.lost) {
      account.inStream += count;
      this.#lossy.add(account);
      const afterNs = Number.isFinite(after) ? after : account.lastNs;
      if (Number.isFinite(before)) this.#add(account, { cpu: segment.cpu, afterNs, beforeNs: before, count });
      else account.open = { afterNs, count: (account.open?.count ?? 0) + count };
    }
    account.lastNs = Math.max(account.lastNs, lastNs);
  }

  /** Enters the program's count of a CPU's refusals since the recording began. */
  addCounted(cpu: number, total: number): void {
    const account = this.#account(cpu);
    account.counted = Math.max(account.counted, total);
    if (total > 0) this.#lossy.add(account);
  }

  /** Events lost on all CPUs. */
  get total(): number {
    let total = 0;
    for (const account of this.#cpus.values()) total += Math.max(account.inStream, account.counted);
    return total;
  }

  /** Whether events were lost on a CPU at some time from `fromNs` to `toNs`, as far as is known by now. */
  lostBetween(cpu: number, fromNs: number, toNs: number): boolean {
    const account = this.#cpus.get(cpu);
    return account !== undefined && lostOn(account, fromNs, toNs);
  }

  /** The same of any CPU. */
  lostAnywhere(fromNs: number, toNs: number): boolean {
    for (const account of this.#lossy) if (lostOn(account, fromNs, toNs)) return true;
    return false;
  }

  /** All losses; those after which no event came end at `endNs`. */
  losses(endNs: number): Loss[] {
    const open: Loss[] = [];
    for (const [cpu, account] of this.#cpus) {
      const uncounted = Math.max(account.counted - account.inStream, 0);
      const count = (account.open?.count ?? 0) + uncounted;
      const afterNs = account.open?.afterNs ?? (Number.isFinite(account.lastNs) ? account.lastNs : 0);
      if (count > 0) open.push({ cpu, afterNs, beforeNs: Math.max(endNs, afterNs), count });
    }
    return [...this.#losses, ...open];
  }

  #add(account: CpuAccount, loss: Loss): void {
    account.losses.push(loss);
    this.#losses.push(loss);
  }

  #account(cpu: number): CpuAccount {
    let account = this.#cpus.get(cpu);
    if (!account) {
      account = { losses: [], inStream: 0, counted: 0, lastNs: Number.NEGATIVE_INFINITY, open: undefined };
      this.#cpus.set(cpu, account);
    }
    return account;
  }
}

function lostOn(account: CpuAccount, fromNs: number, toNs: number): boolean {
  const { losses, open, counted, inStream, lastNs } = account;
  if ((open || counted > inStream) && (open?.afterNs ?? lastNs) <= toNs) return true;
  // The first loss that ends at or after `fromNs`
  let low = 0;
  let high = losses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((losses[middle]?.beforeNs ?? 0) < fromNs) low = middle + 1;
    else high = middle;
  }
  const loss = losses[low];
  return loss !== undefined && loss.afterNs <= toNs;
}
