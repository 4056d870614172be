// A capture as the Ethernet frame that filter expressions are compiled for.
// The BPF program makes the same of the packet (bpf/expression.bpf.h): change both or neither.
import { u16 } from "../dissect/big-endian.js";
import type { Capture } from "../dissect/capture.js";
import { ETHERNET_HEADER_LENGTH, isVlanType, VLAN_TAG_LENGTH } from "../dissect/ethernet.js";
import { findNetwork, type Network } from "../dissect/find-network.js";
import type { Frame } from "./run-classic.js";

/** Below, the type of a frame is a length, and skb->protocol a number that the kernel made up. */
const ETHER_TYPE_MIN = 0x600;

/**
 * The frame from its link header on; a packet that has none (yet, or any more) gets one, of zeros and the type.
 * @param skbLength skb->len
 * @returns undefined for what is no packet of a network
 */
export function ethernetFrame(capture: Capture, skbLength: number): Frame | undefined {
  const network = findNetwork(capture);
  if (!network) return undefined;
  const { bytes, mac, data } = capture;
  const link = [data, mac].find((at) => isLinkHeader(bytes, at, network));
  if (link !== undefined) return { bytes: bytes.subarray(link), length: skbLength + data - link };
  const captured = bytes.subarray(network.offset);
  const made = new Uint8Array(ETHERNET_HEADER_LENGTH + captured.length);
  made[ETHERNET_HEADER_LENGTH - 2] = network.etherType >> 8;
  made[ETHERNET_HEADER_LENGTH - 1] = network.etherType;
  made.set(captured, ETHERNET_HEADER_LENGTH);
  return { bytes: made, length: skbLength + data - network.offset + ETHERNET_HEADER_LENGTH };
}

/** Whether a link header begins here: Ethernet, with at most two VLAN tags, that announces what the network header is. */
function isLinkHeader(bytes: Uint8Array, at: number, { offset, etherType }: Network): boolean {
  const tags = (offset - at - ETHERNET_HEADER_LENGTH) / VLAN_TAG_LENGTH;
  if (at < 0 || offset > bytes.length || ![0, 1, 2].includes(tags)) return false;
  const type = u16(bytes, offset - 2);
  if (type !== etherType && Math.max(type, etherType) >= ETHER_TYPE_MIN) return false;
  return tags === 0 || isVlanType(u16(bytes, at + ETHERNET_HEADER_LENGTH - 2));
}
