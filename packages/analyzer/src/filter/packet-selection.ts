// The packet filter in parts: what depends on the headers alone, which are the same at many events, and what does not.
import type { Capture } from "../dissect/capture.js";
import type { Packet } from "../dissect/packet-fields.js";
import { packetMatcher } from "./matches.js";
import type { PacketFilter } from "./packet-filter.js";

export type { PacketFilter } from "./packet-filter.js";

/** The parts; undefined where nothing is asked. */
export interface PacketSelection {
  readonly packet: ((packet: Packet) => boolean) | undefined;
  /** The expression, which can ask for any byte. */
  readonly frame: ((capture: Capture, skbLength: number) => boolean) | undefined;
  readonly place: ((place: { readonly pid: number; readonly netns: number }) => boolean) | undefined;
}

/** Takes a filter apart; undefined if it lets everything pass. */
export function packetSelection(filter: PacketFilter): PacketSelection | undefined {
  const { pid, netns, netnsName, expression, ...headers } = filter;
  const asksHeaders = Object.values(headers).some((part) => part !== undefined && part !== "any");
  const matches = asksHeaders ? packetMatcher(headers) : undefined;
  const selection: PacketSelection = {
    packet: matches && ((packet) => matches(packet, { pid: 0, netns: 0 })),
    frame: expression && ((capture, skbLength) => expression.matches(capture, skbLength)),
    place:
      pid === undefined && netns === undefined && netnsName === undefined
        ? undefined
        : (place) =>
            (pid === undefined || place.pid === pid) &&
            ((netns === undefined && netnsName === undefined) || place.netns === netns),
  };
  return selection.packet || selection.frame || selection.place ? selection : undefined;
}
