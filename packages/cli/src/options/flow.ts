// A flow on the command line: two ends, of which either may be the sender.
import { isIP } from "node:net";
import type { PathRow } from "@skbtracer/analyzer";
import { parsePacketFilter } from "@skbtracer/analyzer";
import { UsageError } from "./usage-error.js";

/** One end of a flow; without a port, any. */
export interface FlowEnd {
  /** As rows have it. */
  readonly address: string;
  readonly port: number | undefined;
}

/** Both ends. */
export type Flow = readonly [FlowEnd, FlowEnd];

/** `10.0.0.1:4242-10.0.0.2:80`, `[fd00::1]:4242-[fd00::2]:80`; ports may be left out. */
export function parseFlow(text: string): Flow {
  const ends = text.split("-").map(parseEnd);
  const [a, b] = ends;
  if (ends.length === 2 && a && b) return [a, b];
  throw new UsageError(
    `--flow: ${JSON.stringify(text)} is not two ends like 10.0.0.1:4242-10.0.0.2:80 or [fd00::1]:4242-[fd00::2]:80`,
  );
}

function parseEnd(text: string): FlowEnd | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([^[\]:]+|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const given = bracketed ?? plain ?? "";
  const port = digits === undefined ? undefined : Number(digits);
  if (isIP(given) === 0 || given.includes("%") || (port !== undefined && (port < 1 || port > 65_535)))
    return undefined;
  const { address } = parsePacketFilter({ ipaddr: given });
  return address === undefined ? undefined : { address, port };
}

/** Whether a path is of the flow, as its packet was first or as it was last seen: before or behind NAT. */
export function flowHolds(row: PathRow, flow: Flow): boolean {
  const first = [
    { address: row.source, port: row.source_port },
    { address: row.destination, port: row.destination_port },
  ] as const;
  const last = [
    { address: row.last_source, port: row.last_source_port },
    { address: row.last_destination, port: row.last_destination_port },
  ] as const;
  return [first, last].some(
    ([source, destination]) =>
      (isAt(source, flow[0]) && isAt(destination, flow[1])) ||
      (isAt(source, flow[1]) && isAt(destination, flow[0])),
  );
}

function isAt(seen: { address: string | null; port: number | null }, end: FlowEnd): boolean {
  return seen.address === end.address && (end.port === undefined || seen.port === end.port);
}
