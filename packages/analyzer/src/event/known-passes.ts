// Passes through tables and hooks in words, each found out once: many packets go the same way.
import { AddressMap, type EventBatch, EventKind } from "@skbtracer/format";
import type { Names } from "./names.js";
import { type ConntrackState, conntrackState } from "./netfilter-names.js";
import { passText, type TablePass, tablePass } from "./table-pass.js";

/** What all passes with the same numbers have in common. */
export interface KnownPass {
  readonly pass: TablePass;
  /** `filter/input.INPUT.DROP` */
  readonly text: string;
  /** Family and hook; devices' hooks by themselves, as tables of the family inet at them call the packets IPv4 or IPv6. */
  readonly hook: string;
  /** Undefined if conntrack has not seen the packet. */
  readonly state: ConntrackState | undefined;
}

const DEVICE_HOOKS: ReadonlySet<string> = new Set(["INGRESS", "EGRESS"]);

/** The numbers in an event that decide it. */
interface Numbers {
  readonly isHook: boolean;
  readonly family: number;
  readonly hook: number;
  readonly engine: number;
  readonly verdict: number;
  readonly state: number;
  readonly chainLow: number;
  readonly chainHigh: number;
  /** In recordings that name tables in events. */
  readonly table: string;
}

/** The passes of a recording. */
export class KnownPasses {
  readonly #names: Names;
  /** By a hash of chain and verdict. */
  readonly #known = new AddressMap<{ numbers: Numbers; pass: KnownPass }[]>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Of event `i`, a traversal or a hook's. */
  of(batch: EventBatch, i: number): KnownPass {
    const numbers = numbersOf(batch, i);
    const { chainLow, chainHigh, hook, verdict } = numbers;
    const [low, high] = [chainLow ^ hook, chainHigh ^ verdict];
    const alike = this.#known.get(low, high);
    if (alike) for (const known of alike) if (areEqual(known.numbers, numbers)) return known.pass;
    const pass = this.#describe(batch, i, numbers);
    if (!this.#mayGetName(numbers)) {
      if (alike) alike.push({ numbers, pass });
      else this.#known.set(low, high, [{ numbers, pass }]);
    }
    return pass;
  }

  #describe(batch: EventBatch, i: number, { state }: Numbers): KnownPass {
    const pass = tablePass(batch, i, this.#names);
    return {
      pass,
      text: passText(pass),
      hook: DEVICE_HOOKS.has(pass.hook) ? pass.hook : `${pass.family} ${pass.hook}`,
      state: conntrackState(state),
    };
  }

  #mayGetName({ chainLow, chainHigh }: Numbers): boolean {
    const chain = (BigInt(chainHigh) << 32n) | BigInt(chainLow);
    return chain !== 0n && this.#names.chain(chain) === undefined;
  }
}

function numbersOf(batch: EventBatch, i: number): Numbers {
  const isHook = batch.narrow("kind")[i] === EventKind.HOOK;
  const chain = batch.tailHalves(i, "chain");
  return {
    isHook,
    family: batch.tailNumber(i, "pf"),
    hook: batch.tailNumber(i, "hook"),
    engine: batch.tailNumber(i, "engine"),
    verdict: batch.tailNumber(i, isHook ? "result" : "verdict"),
    state: batch.tailNumber(i, "ct_state"),
    chainLow: chain.low,
    chainHigh: chain.high,
    table: chain.low === 0 && chain.high === 0 ? batch.tailText(i, "table") : "",
  };
}

function areEqual(a: Numbers, b: Numbers): boolean {
  return (
    a.hook === b.hook &&
    a.verdict === b.verdict &&
    a.state === b.state &&
    a.family === b.family &&
    a.chainLow === b.chainLow &&
    a.chainHigh === b.chainHigh &&
    a.table === b.table &&
    a.engine === b.engine &&
    a.isHook === b.isHook
  );
}
