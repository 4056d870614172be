// What NAT made of a path's packet: from its connections where conntrack was seen, else from its own headers.
import { type Flow, flowText } from "../event/flow-text.js";
import type { Translation } from "./connections.js";
import type { Life } from "./life.js";

/** The packet's ends before and after NAT; undefined if there was none, or if it cannot be told. */
export function natOf(life: Life): Translation | undefined {
  const { firstPacket, lastPacket, firstTranslation, lastTranslation } = life;
  if (firstPacket === lastPacket && !firstTranslation) return undefined;
  const first = firstPacket ? flowText(firstPacket) : "";
  const last = lastPacket ? flowText(lastPacket) : "";
  const hasFirst = isOf(firstTranslation, first);
  const hasLast = isOf(lastTranslation, last);
  const before = hasFirst ? firstTranslation.before : first;
  const after = hasLast ? lastTranslation.after : last;
  if (before === after || before === "" || after === "") return undefined;
  const isKnown = hasFirst || hasLast || isRewritten(firstPacket, lastPacket);
  return isKnown ? { before, after } : undefined;
}

/** Whether the packet is one of the connection's: an ICMP error's connection is that of the packet that it quotes. */
function isOf(translation: Translation | undefined, flow: string): translation is Translation {
  return translation !== undefined && (translation.before === flow || translation.after === flow);
}

/**
 * Without conntrack, one end that changed and one that stayed are taken for NAT. Where both have changed, it may as well be
 * that the packet was put into another.
 */
function isRewritten(
  first: (Flow & { readonly protocol: string | null }) | undefined,
  last: (Flow & { readonly protocol: string | null }) | undefined,
): boolean {
  if (!first || !last || first.protocol !== last.protocol) return false;
  const sameSource = first.source === last.source && first.source_port === last.source_port;
  const sameDestination =
    first.destination === last.destination && first.destination_port === last.destination_port;
  return sameSource !== sameDestination;
}
