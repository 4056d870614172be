// A connection, as the event that tells of it has it: struct skbt_conntrack, bpf/event.h.
import type { EventBatch } from "@skbtracer/format";
import { ipv4Text, ipv6Text } from "../dissect/addresses.js";
import { IP_PROTOCOL } from "../dissect/ip-protocol-names.js";
import type { Flow } from "./flow-text.js";

/** A connection: what conntrack expects in each direction. */
export interface Connection {
  readonly original: Flow;
  readonly reply: Flow;
}

const AF_INET = 2;

/** Event `i`, which tells of a connection. */
export function readConnection(batch: EventBatch, i: number): Connection {
  const family = batch.tailNumber(i, "family");
  const address = (name: string): string => {
    const bytes = batch.tailBytes(i, name);
    return family === AF_INET ? ipv4Text(bytes, 0) : ipv6Text(bytes, 0);
  };
  const protocol = batch.tailNumber(i, "protocol");
  // The tuples of others have identifiers and types in the place of ports.
  const hasPorts =
    protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp || protocol === IP_PROTOCOL.sctp;
  const port = (name: string): number | null => {
    if (!hasPorts) return null;
    const value = batch.tailNumber(i, name);
    return ((value & 0xff) << 8) | (value >> 8);
  };
  const flow = (direction: "original" | "reply"): Flow => ({
    source: address(`${direction}_source`),
    source_port: port(`${direction}_source_port`),
    destination: address(`${direction}_destination`),
    destination_port: port(`${direction}_destination_port`),
  });
  return { original: flow("original"), reply: flow("reply") };
}
