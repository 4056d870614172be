// Packets of which a recording shows too little to say whether they are meant, or what they did: they pass nothing.
import type { PathRow } from "@skbtracer/analyzer";
import { describe, expect, test } from "vitest";

import { fixture, judge, judgeOne, type Rows, withoutNft, withoutProbe } from "./judged.js";

/** Ping, TCP to a redirected port and to a rejected one (81), UDP to a dropped port (9) and to one without socket (7777). */
const VETH = withoutNft(fixture("veth-6.1"));

const to9 = ({ destination_port: port }: PathRow): boolean => port === 9;

/** Rows of which the packets to port 9 are otherwise. */
function with9(values: Partial<PathRow>, rows: Rows = VETH): Rows {
  return { ...rows, paths: rows.paths.map((path) => (to9(path) ? { ...path, ...values } : path)) };
}

const verdict = (rows: Rows, members: string): string => judgeOne(rows, members).verdict;

describe("a packet that the firewall drops at the hook OUTPUT enters no function of a device", () => {
  const rows = with9({
    functions: "",
    hop_ns: "",
    hops: 0,
    interfaces: "",
    namespaces: "",
    begin: "unknown",
    verdicts: "filter.OUTPUT.DROP",
  });

  test("it is sent", () => {
    expect(verdict(rows, "where: {port: 9, direction: sent}\npaths: 5")).toBe("pass");
    expect(verdict(rows, "where: {protocol: udp, direction: sent}\ndrops: NO_SOCKET")).toBe("fail");
    expect(verdict(rows, "where: {port: 9, direction: received}\npaths: none")).toBe("pass");
  });

  test("where it was is not known", () => {
    for (const place of ["interface: va", "namespace: a"]) {
      expect(verdict(rows, `where: {port: 9, ${place}}\npaths: none`)).toBe("unknown");
      expect(verdict(rows, `where: {protocol: udp, ${place}}\ndrops: NO_SOCKET`)).toBe("unknown");
    }
  });
});

test("a packet that was first seen at a function that tells no direction may have any", () => {
  const rows = with9({ functions: "kfree_skb_list", hops: 1, verdicts: null });
  for (const direction of ["sent", "received"]) {
    expect(verdict(rows, `where: {port: 9, direction: ${direction}}\npaths: none`)).toBe("unknown");
    expect(verdict(rows, `where: {protocol: udp, direction: ${direction}}\ndrops: NO_SOCKET`)).toBe(
      "unknown",
    );
  }
});

test("segments and fragments are packets: what happens to them is not overlooked", () => {
  const [parent = 0] = VETH.paths.map(({ path }) => path);
  for (const begin of ["segmented", "fragmented"] as const)
    expect(verdict(with9({ parent, begin }), "where: {protocol: udp}\ndrops: NO_SOCKET")).toBe("fail");
  for (const begin of ["cloned", "copied"] as const)
    expect(verdict(with9({ parent, begin }), "where: {protocol: udp}\ndrops: NO_SOCKET")).toBe("pass");
});

test("a packet whose ports or flags were cut off may be any of its protocol and addresses", () => {
  const rows = with9({ source_port: null, destination_port: null });
  expect(verdict(rows, "where: {protocol: udp, destination_port: 9}\npaths: none")).toBe("unknown");
  expect(verdict(rows, "where: {port: 82}\npaths: none")).toBe("unknown");
  expect(verdict(rows, "where: {destination_port: 7777}\noutcome: dropped")).toBe("unknown");
  expect(verdict(rows, "where: {protocol: tcp, port: 82}\npaths: none")).toBe("pass");
  expect(verdict(rows, "where: {source: 10.0.0.2, port: 82}\npaths: none")).toBe("pass");
  const flagless = with9({ protocol: "TCP", info: null });
  expect(verdict(flagless, "where: {info: SYN, port: 9}\npaths: none")).toBe("unknown");
  expect(judgeOne(rows, "where: {port: 82}\npaths: none").reasons).toEqual([
    "0 packets found, expected none, but 5 packets may be meant too: their port is not known",
  ]);
});

test("fragments other than the first have no ports, and are not meant by any", () => {
  const rows = with9({ source_port: null, destination_port: null, info: "fragment@1480" });
  expect(verdict(rows, "where: {protocol: udp, destination_port: 9}\npaths: none")).toBe("pass");
});

test("a dropped packet of which nothing else is known may be any", () => {
  const unknown = { protocol: null, info: null, source: null, destination: null, functions: "", hops: 0 };
  expect(verdict(with9(unknown), "where: {protocol: tcp, port: 82}\npaths: none")).toBe("unknown");
  // A message between processes is none.
  const message = { ...unknown, outcome: "consumed" } as const;
  expect(verdict(with9(message), "where: {protocol: tcp, port: 82}\npaths: none")).toBe("pass");
});

test("a namespace that came while recording may have had any name", () => {
  const rows = { ...VETH, namespaces: new Map([[4026532166, "a"]]) };
  expect(verdict(rows, "where: {port: 9, namespace: web}\npaths: none")).toBe("unknown");
  expect(verdict(rows, "where: {protocol: udp, namespace: 4026532000}\npaths: none")).toBe("pass");
  // Both are listed, one without a name.
  const listed = { ...rows, namespaces: new Map([...rows.namespaces, [4026532227, undefined] as const]) };
  expect(verdict(listed, "where: {port: 9, namespace: web}\npaths: none")).toBe("pass");
});

test("a device whose name is not known may have any", () => {
  const rows = with9({ interfaces: "va ifindex7" });
  expect(verdict(rows, "where: {port: 9, interface: vb}\npaths: none")).toBe("unknown");
  expect(verdict(rows, "where: {port: 9, interface: va}\npaths: 5")).toBe("pass");
});

test("of a path that is cut after its thousandth function it is not known what it enters", () => {
  const rows = with9({ hops: 1000 });
  expect(verdict(rows, "where: {port: 9}\nnot_through: [br_forward]")).toBe("unknown");
  expect(verdict(rows, "where: {port: 9}\nthrough: [br_forward]")).toBe("unknown");
  expect(verdict(rows, "where: {port: 9}\nthrough: [ip_rcv]")).toBe("pass");
});

test("a SYN that offers ECN is a SYN", () => {
  const rows = with9({ protocol: "TCP", info: "CWR,ECE,SYN" });
  expect(verdict(rows, "where: {info: SYN, port: 9}\npaths: none")).toBe("fail");
  expect(verdict(rows, "where: {info: 'SYN,ECE,CWR', port: 9}\npaths: 5")).toBe("pass");
  expect(verdict(rows, "where: {info: 'SYN,ACK', port: 9}\npaths: none")).toBe("pass");
  expect(verdict(with9({ info: "SYN" }), "where: {info: 'SYN,ECE', port: 9}\npaths: none")).toBe("pass");
});

test("fragments can be asked for together", () => {
  const rows = with9({ source_port: null, destination_port: null, info: "fragment@1480" });
  expect(verdict(rows, "where: {info: fragment}\npaths: 5")).toBe("pass");
});

describe("a packet that was not seen whole", () => {
  const open = {
    outcome: "open",
    complete: 0,
    incomplete_because: "open",
    drop_reason: null,
    drop_location: null,
  } as const;

  test("may take longer than it was seen to", () => {
    const begun = with9({ complete: 0, incomplete_because: "begin" });
    expect(verdict(begun, "where: {port: 9}\ntime: {max: 1s}")).toBe("unknown");
    expect(verdict(begun, "where: {port: 9}\ntime: {from: ip_output, max: 1s}")).toBe("pass");
    const waiting = with9({ ...open, functions: "ip_output", hop_ns: "0", hops: 1 });
    expect(verdict(waiting, "where: {protocol: udp}\ntime: {from: ip_output, to: ip_rcv, max: 1s}")).toBe(
      "unknown",
    );
  });
});

describe("where one engine of tables was not probed", () => {
  const none = "where: {port: 9}\ntraversals: none";
  const untouched = with9({ verdicts: null });

  test("packets may have passed its tables, whatever the other shows", () => {
    expect(verdict(untouched, none)).toBe("pass");
    expect(verdict(withoutProbe(untouched, "nft_do_chain"), none)).toBe("unknown");
    expect(verdict(withoutProbe(untouched, "ipt_do_table"), none)).toBe("unknown");
    expect(verdict(withoutProbe(untouched, "ip6t_do_table"), none)).toBe("pass");
  });
});

test("names may have had more values where the recording left packets out", () => {
  const rows = { ...VETH, meta: VETH.meta.map((row) => ({ ...row, filter: "--port 9" })) };
  const yaml =
    "expectations:\n  - {name: a, where: {protocol: udp, source: $x}}\n  - {name: b, where: {source: $x, port: 9}, drops: NETFILTER_DROP}";
  expect(judge(rows, yaml).map((result) => result.verdict)).toEqual(["pass", "unknown"]);
});

test("a drop at a place without a name may be harmless", () => {
  const rows = with9({ drop_location: "0xffffffff818bb701", drop_reason: "NO_SOCKET" });
  for (const members of ["drops: none", "outcome: dropped", "outcome: delivered"])
    expect(verdict(rows, `where: {port: 9}\n${members}`)).toBe("unknown");
  expect(verdict(rows, "where: {port: 9}\ndrops: NO_SOCKET")).toBe("pass");
  expect(verdict(rows, "where: {port: 9}\noutcome: dropped\ndrops: NO_SOCKET")).toBe("pass");
});
