import { describe, expect, it } from "vitest";

import { dissect } from "../../src/dissect/packet.js";
import { packetOf, received } from "./captures.js";
import { frame } from "./frames.js";

describe("link layer", () => {
  it("gives the MAC addresses", () => {
    const packet = packetOf("tcpSynAck");
    expect(packet.destMac).toBe("02:42:0a:00:04:0f");
    expect(packet.srcMac).toBe("02:42:0a:00:01:0a");
    expect(packet.etherType).toBe(0x0800);
    expect(packet.vlanIds).toEqual([]);
  });

  it.each([
    ["unset", -1],
    ["at the network header, as a tun device's", 14],
    ["not wholly before the network header", 1],
    ["beyond the capture", 2000],
  ])("gives no MAC address where the mac header is %s", (_name, mac) => {
    const packet = dissect({ ...received(frame("tcpSynAck")), mac });
    expect(packet.srcMac).toBeUndefined();
    expect(packet.destMac).toBeUndefined();
    expect(packet.source).toBe("10.0.1.10");
  });

  it("steps over VLAN tags in band, keeping their ids", () => {
    expect(packetOf("vlanUdp")).toMatchObject({ vlanIds: [100], etherType: 0x0800, destinationPort: 53 });
    expect(packetOf("qinqTcp")).toMatchObject({ vlanIds: [200, 100], etherType: 0x0800, tcpFlags: 0x02 });
    expect(packetOf("vlanArp")).toMatchObject({ vlanIds: [7], arp: { targetAddress: "10.0.0.2" } });
    expect(packetOf("vlanUdp").srcMac).toBe("02:42:0a:00:01:0a");
  });

  it("knows the ids of tags that the network header is already behind", () => {
    const packet = dissect({ ...received(frame("qinqTcp")), network: 22, protocol: 0x0800 });
    expect(packet).toMatchObject({ vlanIds: [200, 100], destinationPort: 80 });
    const decapsulated = dissect({ ...received(frame("vlanUdp")), network: 18 + 28, protocol: 0x0806 });
    expect(decapsulated.vlanIds).toEqual([]);
  });
});

describe("IPv4", () => {
  it("gives addresses, length, TTL and protocol", () => {
    const packet = packetOf("tcpAckPsh");
    expect(packet).toMatchObject({ ipVersion: 4, ipLength: 73, ttl: 64, protocol: 6, truncated: false });
    expect(packet.source).toBe("10.0.1.10");
    expect(packet.destination).toBe("10.0.4.15");
    expect(packet.fragment).toBeUndefined();
  });

  it("finds layer 4 behind options", () => {
    expect(packetOf("udpIpOptions")).toMatchObject({ transportOffset: 38, sourcePort: 43210 });
  });

  it("looks at layer 4 in the first fragment only", () => {
    expect(packetOf("ipv4FirstFragment")).toMatchObject({
      fragment: { offset: 0, more: true, id: 0xbeef },
      destinationPort: 5001,
    });
    const last = packetOf("ipv4LastFragment");
    expect(last).toMatchObject({
      fragment: { offset: 1480, more: false, id: 0xbeef },
      protocol: 17,
      transportOffset: -1,
      truncated: false,
    });
    expect(last.destinationPort).toBeUndefined();
  });
});

describe("IPv6", () => {
  it("gives addresses, length, hop limit and protocol", () => {
    const packet = packetOf("tcp6Syn");
    expect(packet).toMatchObject({ ipVersion: 6, ipLength: 60, ttl: 64, protocol: 6, destinationPort: 443 });
    expect(packet.source).toBe("2001:db8:1::a");
    expect(packet.destination).toBe("2001:db8:4::f");
  });

  it("walks hop-by-hop options and a fragment header to UDP", () => {
    expect(packetOf("ipv6HopFragmentUdp")).toMatchObject({
      protocol: 17,
      fragment: { offset: 0, more: true, id: 0xcafe0001 },
      sourcePort: 43210,
      destinationPort: 5001,
    });
  });

  it("looks at layer 4 in the first fragment only", () => {
    const last = packetOf("ipv6LastFragment");
    expect(last).toMatchObject({
      protocol: 17,
      fragment: { offset: 1448, more: false, id: 0xcafe0001 },
      truncated: false,
    });
    expect(last.sourcePort).toBeUndefined();
  });

  it("walks hop-by-hop, routing, destination options and AH", () => {
    expect(packetOf("ipv6AllExtensions")).toMatchObject({
      protocol: 6,
      tcpFlags: 0x04,
      destinationPort: 443,
    });
  });

  it("walks six extension headers, and no seventh", () => {
    expect(packetOf("ipv6SixExtensions")).toMatchObject({ protocol: 17, destinationPort: 5001 });
    const seven = packetOf("ipv6SevenExtensions");
    expect(seven).toMatchObject({ protocol: 60, transportOffset: -1 });
    expect(seven.destinationPort).toBeUndefined();
  });
});

describe("layer 4", () => {
  it("gives TCP ports and flags", () => {
    expect(packetOf("tcpSynAck")).toMatchObject({ sourcePort: 22, destinationPort: 55343, tcpFlags: 0x12 });
    expect(packetOf("tcpAllFlags").tcpFlags).toBe(0xff);
    expect(packetOf("tcpNoFlags").tcpFlags).toBe(0);
  });

  it("gives UDP and SCTP ports", () => {
    expect(packetOf("udpDns")).toMatchObject({ protocol: 17, sourcePort: 43210, destinationPort: 53 });
    expect(packetOf("sctpInit")).toMatchObject({ protocol: 132, sourcePort: 36412, destinationPort: 38412 });
  });

  it("gives type, identifier and sequence number of ICMP queries", () => {
    expect(packetOf("icmpRequest")).toMatchObject({ icmpType: 8, icmpCode: 0, icmpId: 0x2a17, icmpSeq: 3 });
    expect(packetOf("icmpReply")).toMatchObject({ icmpType: 0, icmpId: 0x2a17, icmpSeq: 3 });
    expect(packetOf("icmpTimestamp")).toMatchObject({ icmpType: 13, icmpId: 0x0102, icmpSeq: 1 });
    expect(packetOf("icmp6Request")).toMatchObject({ icmpType: 128, icmpId: 7, icmpSeq: 1 });
    expect(packetOf("icmp6Reply")).toMatchObject({ icmpType: 129, icmpId: 7, icmpSeq: 1 });
  });

  it("gives the one-byte sequence number of an extended echo", () => {
    const bytes = frame("icmpRequest");
    bytes.set([42, 0, 0, 0, 0x2a, 0x17, 3, 1], 34);
    expect(dissect(received(bytes))).toMatchObject({ icmpType: 42, icmpId: 0x2a17, icmpSeq: 3 });
  });

  it("gives no identifier where ICMP has none", () => {
    expect(packetOf("neighbourSolicitation")).toMatchObject({ icmpType: 135, protocol: 58 });
    expect(packetOf("neighbourSolicitation").icmpId).toBeUndefined();
    expect(packetOf("icmpPortUnreachable").icmpId).toBeUndefined();
  });

  it("gives what an ICMP error quotes", () => {
    const { quoted } = packetOf("icmpPortUnreachable");
    expect(quoted).toMatchObject({ protocol: 17, sourcePort: 43210, destinationPort: 33434, ttl: 1 });
    expect(quoted?.source).toBe("10.0.1.10");
    expect(quoted?.destination).toBe("10.0.4.15");
    const quoted6 = packetOf("icmp6TooBig").quoted;
    expect(quoted6).toMatchObject({ protocol: 6, destinationPort: 443 });
    expect(quoted6?.destination).toBe("2001:db8:4::f");
  });

  it("does not call a packet truncated whose quote ends behind 8 bytes of layer 4", () => {
    const packet = packetOf("icmpTimeExceeded");
    expect(packet.truncated).toBe(false);
    expect(packet.quoted).toMatchObject({ sourcePort: 40000, destinationPort: 80, tcpFlags: undefined });
  });

  it("gives the GRE key and what is inside", () => {
    expect(packetOf("greKey").gre).toEqual({ version: 0, protocol: 0x0800, key: 42 });
    const checksummed = frame("greKey");
    checksummed[34] = 0xb0;
    checksummed.set([0, 0, 1, 2], 42);
    expect(dissect(received(checksummed)).gre?.key).toBe(0x0102);
    const pptp = frame("greKey");
    pptp[35] = 1;
    expect(dissect(received(pptp)).gre).toEqual({ version: 1, protocol: 0x0800, key: undefined });
  });
});

describe("ARP", () => {
  it("gives operation and addresses", () => {
    expect(packetOf("arpRequest").arp).toEqual({
      operation: 1,
      senderMac: "02:42:0a:00:01:0a",
      senderAddress: "10.0.0.1",
      targetAddress: "10.0.0.2",
    });
    expect(packetOf("arpReply").arp).toMatchObject({ operation: 2, senderMac: "02:42:0a:00:04:0f" });
  });

  it("gives only the operation for other address kinds", () => {
    const bytes = frame("arpRequest");
    bytes[14 + 4] = 8;
    expect(dissect(received(bytes)).arp).toEqual({
      operation: 1,
      senderMac: undefined,
      senderAddress: undefined,
      targetAddress: undefined,
    });
  });
});

describe("captures without layer 3", () => {
  it("still have skb->protocol for an ethertype", () => {
    const bytes = new Uint8Array(64);
    const packet = dissect({ ...received(bytes), protocol: 0x0800 });
    expect(packet).toMatchObject({ etherType: 0x0800, networkOffset: -1, truncated: false });
    expect(packet.source).toBeUndefined();
    expect(packet.srcMac).toBeUndefined();
  });

  it("are truncated when empty", () => {
    expect(dissect({ ...received(new Uint8Array()), protocol: 0x0800 }).truncated).toBe(true);
  });
});
