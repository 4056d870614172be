// A recording's rows, and what is said of them by expectations.
import { readFileSync } from "node:fs";

import {
  type AnyRow,
  evaluate,
  functionNames,
  Knowledge,
  type PathRow,
  type Result,
  Tally,
} from "@skbtracer/analyzer";
import { readExpectations } from "@skbtracer/analyzer/expectations";

import type { ReadMode } from "@skbtracer/format";

import { reconstruct } from "../support/made-recording.js";

/** What expectations are held against. */
export interface Rows {
  readonly paths: readonly PathRow[];
  readonly meta: readonly AnyRow[];
  readonly probes: readonly AnyRow[];
  readonly losses: readonly AnyRow[];
  readonly interfaces: readonly AnyRow[];
  /** By inode; those of the fixtures of two networks, if not given. */
  readonly namespaces?: ReadonlyMap<number, string | undefined>;
}

const NAMESPACES = new Map([
  [4026532166, "a"],
  [4026532227, "b"],
]);

/** The rows of a recording. */
export function rowsOf(bytes: Uint8Array, mode?: ReadMode): Rows {
  const { paths, others } = reconstruct(bytes, {}, bytes.length, mode);
  const { meta = [], probes = [], losses = [], interfaces = [] } = others;
  return { paths, meta, probes, losses, interfaces };
}

/** The rows of a fixture: `veth-6.1`. */
export function fixture(name: string): Rows {
  return rowsOf(readFileSync(new URL(`../../../../fixtures/v1/${name}.skbt`, import.meta.url)));
}

/** Rows of which each of `meta` has other values. */
export function withMeta(rows: Rows, values: AnyRow): Rows {
  return { ...rows, meta: rows.meta.map((row) => ({ ...row, ...values })) };
}

/** Rows of a recording where a probe could not be attached. */
export function withoutProbe(rows: Rows, ...names: readonly string[]): Rows {
  const isOne = ({ probe }: AnyRow): boolean => names.includes(String(probe));
  return {
    ...rows,
    probes: rows.probes.map((row) => (isOne(row) ? { ...row, status: "refused", reason: "a test" } : row)),
  };
}

/** Rows of a kernel that had no nftables; the first recordings do not tell of it. */
export function withoutNft(rows: Rows): Rows {
  const probe = {
    probe: "nft_do_chain",
    status: "refused",
    reason: "not in this kernel: is the module nf_tables loaded?",
  };
  return { ...rows, probes: [...rows.probes, probe] };
}

/** How the expectations of a file stand. */
export function judge(rows: Rows, yaml: string, allowLoss = false): Result[] {
  const expectations = readExpectations(yaml, "x.yaml").map(({ expectation }) => expectation);
  const tally = new Tally(expectations);
  const functions = functionNames(
    rows.probes.map(({ probe, symbol }) => ({ probe: String(probe), symbol: String(symbol ?? "") })),
  );
  for (const path of rows.paths) tally.add(path, rows.namespaces ?? NAMESPACES, functions);
  return evaluate(expectations, tally, new Knowledge(rows), { allowLoss });
}

/** How one expectation stands, given without its name: `where: {...}`, a line for each member. */
export function judgeOne(rows: Rows, members: string, allowLoss = false): Result {
  const [result] = judge(
    rows,
    `expectations:\n  - name: it\n${members.replaceAll(/^/gm, "    ")}\n`,
    allowLoss,
  );
  if (!result) throw new Error("no result");
  return result;
}
