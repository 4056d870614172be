// Blocks of a pcapng file: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
// Little-endian; a block's length stands at both of its ends; everything is padded to 32 bits.

/** LINKTYPE_ETHERNET: https://www.tcpdump.org/linktypes.html */
export const LINKTYPE_ETHERNET = 1;
/** LINKTYPE_RAW: begins with an IPv4 or IPv6 header. */
export const LINKTYPE_RAW = 101;

const BLOCK = { section: 0x0a0d_0d0a, interface: 1, packet: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;

/** Option codes; 1 is a comment in every block. */
const OPTION = {
  end: 0,
  comment: 1,
  shb_os: 3,
  shb_userappl: 4,
  if_name: 2,
  if_description: 3,
  if_tsresol: 9,
  epb_dropcount: 4,
  epb_packetid: 5,
} as const;

/** An option's length is 16 bits. */
const OPTION_MAX = 0xffff;
/** Times are in units of 10^-9 s. */
const NANOSECONDS = 9;

type Option = readonly [code: number, value: Uint8Array];

const text = (value: string): Uint8Array => Buffer.from(value, "utf8");

function wide(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** The first block: what made the file, and where. */
export function sectionBlock(facts: { os?: string; application: string; comment?: string }): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true); // version 1.0
  view.setBigInt64(8, -1n, true); // the section's length is not known yet
  return block(BLOCK.section, body, [
    ...(facts.comment === undefined ? [] : [[OPTION.comment, text(facts.comment)] as const]),
    ...(facts.os === undefined ? [] : [[OPTION.shb_os, text(facts.os)] as const]),
    [OPTION.shb_userappl, text(facts.application)],
  ]);
}

/** An interface; packets refer to it by its number, from 0 in the order of these blocks. */
export function interfaceBlock(facts: { name: string; description?: string; linkType: number }): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, facts.linkType, true); // snaplen 0: no limit
  return block(BLOCK.interface, body, [
    [OPTION.if_name, text(facts.name)],
    ...(facts.description === undefined ? [] : [[OPTION.if_description, text(facts.description)] as const]),
    [OPTION.if_tsresol, Uint8Array.of(NANOSECONDS)],
  ]);
}

/** A packet as a pcapng file has it. */
export interface PcapngPacket {
  /** Number of its interface. */
  readonly interface: number;
  /** ns since 1970. */
  readonly unixNs: bigint;
  readonly bytes: Uint8Array;
  /** Of the packet before the capture cut it. */
  readonly originalLength: number;
  readonly comment?: string;
  /** The same for one packet wherever it is seen. */
  readonly id?: bigint;
  /** What was lost since the packet before. */
  readonly dropped?: bigint;
}

/** An Enhanced Packet Block. */
export function packetBlock(packet: PcapngPacket): Uint8Array {
  const { bytes, unixNs } = packet;
  const body = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(body.buffer);
  view.setUint32(0, packet.interface, true);
  view.setUint32(4, Number((unixNs >> 32n) & 0xffff_ffffn), true);
  view.setUint32(8, Number(unixNs & 0xffff_ffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, Math.max(packet.originalLength, bytes.length), true);
  body.set(bytes, 20);
  return block(BLOCK.packet, body, [
    ...(packet.comment === undefined ? [] : [[OPTION.comment, text(packet.comment)] as const]),
    ...(packet.dropped === undefined ? [] : [[OPTION.epb_dropcount, wide(packet.dropped)] as const]),
    ...(packet.id === undefined ? [] : [[OPTION.epb_packetid, wide(packet.id)] as const]),
  ]);
}

function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  const cut = options.map(([code, value]) => [code, cutOption(value)] as const);
  const optionsLength = cut.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4);
  const length = 8 + body.length + optionsLength + 4;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const [code, value] of cut) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // opt_endofopt is four zeros
  view.setUint32(at + 4, length, true);
  return bytes;
}

/** Text is cut where a character begins. */
function cutOption(value: Uint8Array): Uint8Array {
  if (value.length <= OPTION_MAX) return value;
  let end = OPTION_MAX;
  while (end > 0 && ((value[end] ?? 0) & 0xc0) === 0x80) end--;
  return value.subarray(0, end);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
