import { describe, expect, it } from "vitest";

import { packetInfo } from "../../src/dissect/packet-info.js";
import { dissect } from "../../src/dissect/packet.js";
import { tcpFlagsText } from "../../src/dissect/tcp.js";
import { packetOf, received } from "./captures.js";
import { frame } from "./frames.js";
import type { FrameName } from "./frames.js";

const EXPECTED: Readonly<Record<FrameName, string>> = {
  tcpSynAck: "T_ACK,SYN:10.0.1.10:22->10.0.4.15:55343",
  tcpAckPsh: "T_ACK,PSH:10.0.1.10:22->10.0.4.15:55343",
  tcpNoFlags: "T:10.0.1.10:40000->10.0.4.15:80",
  tcpAllFlags: "T_CWR,ECE,URG,ACK,PSH,RST,SYN,FIN:10.0.1.10:40000->10.0.4.15:80",
  udpDns: "U:10.0.1.10:43210->10.0.4.15:53",
  udpIpOptions: "U:10.0.1.10:43210->10.0.4.15:53",
  icmpRequest: "I_request:10.0.1.10->10.0.4.15",
  icmpReply: "I_reply:10.0.4.15->10.0.1.10",
  icmpPortUnreachable: "I_unreachable(port):10.0.4.15->10.0.1.10",
  icmpTimeExceeded: "I_time_exceeded(ttl):10.0.2.1->10.0.1.10",
  icmpTimestamp: "I_timestamp_request:10.0.1.10->10.0.4.15",
  arpRequest: "ARP_request:10.0.0.1->10.0.0.2",
  arpReply: "ARP_reply:10.0.0.2->10.0.0.1",
  vlanUdp: "U:10.0.1.10:43210->10.0.4.15:53",
  qinqTcp: "T_SYN:10.0.1.10:40000->10.0.4.15:80",
  vlanArp: "ARP_request:10.0.0.1->10.0.0.2",
  ipv4FirstFragment: "U:10.0.1.10:43210->10.0.4.15:5001",
  ipv4LastFragment: "UDP_frag@1480:10.0.1.10->10.0.4.15",
  tcp6Syn: "T_SYN:[2001:db8:1::a]:40000->[2001:db8:4::f]:443",
  ipv6HopFragmentUdp: "U:[2001:db8:1::a]:43210->[2001:db8:4::f]:5001",
  ipv6LastFragment: "UDP_frag@1448:2001:db8:1::a->2001:db8:4::f",
  ipv6AllExtensions: "T_RST:[2001:db8:1::a]:40000->[2001:db8:4::f]:443",
  ipv6SixExtensions: "U:[2001:db8:1::a]:43210->[2001:db8:4::f]:5001",
  ipv6SevenExtensions: "IPv6-Opts:2001:db8:1::a->2001:db8:4::f",
  neighbourSolicitation: "I_neighbour_solicitation:fe80::42:aff:fe00:10a->ff02::1:ff00:f",
  icmp6Request: "I_request:2001:db8:1::a->2001:db8:4::f",
  icmp6Reply: "I_reply:2001:db8:4::f->2001:db8:1::a",
  icmp6TooBig: "I_too_big:2001:db8:2::1->2001:db8:1::a",
  mldReport: "I_mldv2_report:fe80::42:aff:fe00:10a->ff02::16",
  sctpInit: "SCTP:10.0.1.10:36412->10.0.4.15:38412",
  greKey: "GRE:10.0.1.10->10.0.4.15",
  ospfHello: "OSPF:10.0.1.10->224.0.0.5",
  lldp: "LLDP",
};

function withByte(name: FrameName, at: number, value: number): string {
  const bytes = frame(name);
  bytes[at] = value;
  return packetInfo(dissect(received(bytes)));
}

function cutAt(name: FrameName, length: number): string {
  const capture = received(frame(name));
  return packetInfo(dissect({ ...capture, bytes: capture.bytes.subarray(0, length) }));
}

describe("packetInfo", () => {
  it.each(Object.entries(EXPECTED) as [FrameName, string][])("prints %s as %s", (name, text) => {
    expect(packetInfo(packetOf(name))).toBe(text);
  });

  it("prints numbers for what has no name", () => {
    expect(withByte("ospfHello", 23, 253)).toBe("253:10.0.1.10->224.0.0.5");
    expect(withByte("icmpRequest", 34, 200)).toBe("I_type200:10.0.1.10->10.0.4.15");
    expect(withByte("icmpPortUnreachable", 35, 99)).toBe("I_unreachable(99):10.0.4.15->10.0.1.10");
    expect(withByte("arpRequest", 21, 9)).toBe("ARP_9:10.0.0.1->10.0.0.2");
    expect(withByte("lldp", 13, 0xcd)).toBe("0x88cd");
  });

  it("prints what was captured", () => {
    expect(cutAt("tcpSynAck", 14 + 20 + 13)).toBe("T_?:10.0.1.10:22->10.0.4.15:55343");
    expect(cutAt("tcpSynAck", 14 + 20 + 3)).toBe("TCP:10.0.1.10->10.0.4.15");
    expect(cutAt("icmpRequest", 14 + 20)).toBe("ICMP:10.0.1.10->10.0.4.15");
    expect(cutAt("ipv6HopFragmentUdp", 14 + 40)).toBe("IPv6:2001:db8:1::a->2001:db8:4::f");
    expect(cutAt("tcpSynAck", 14 + 19)).toBe("IPv4");
    expect(cutAt("arpReply", 14 + 8)).toBe("ARP_reply");
    expect(cutAt("arpReply", 14)).toBe("ARP");
    expect(cutAt("tcpSynAck", 0)).toBe("nil");
  });
});

describe("tcpFlagsText", () => {
  it.each([
    [0x01, "FIN"],
    [0x02, "SYN"],
    [0x04, "RST"],
    [0x08, "PSH"],
    [0x10, "ACK"],
    [0x20, "URG"],
    [0x40, "ECE"],
    [0x80, "CWR"],
    [0x00, ""],
  ])("names bit %i %s", (bit, name) => {
    expect(tcpFlagsText(bit)).toBe(name);
  });
});
