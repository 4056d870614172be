// What happened, in words: a line a flow.
import { styled } from "../terminal.mjs";

/** @typedef {import("./flows.mjs").Flow} Flow */
/** @typedef {import("./flows.mjs").Packet} Packet */
/** @typedef {import("./flows.mjs").Drop} Drop */

/** @type {readonly [RegExp, string][]} what drop reasons mean; kernels before 5.17 have only places */
const MEANINGS = [
  [/^NETFILTER_DROP |^ (?:nf_hook_slow|ipt_do_table|nft_do_chain)\b/, "a firewall rule"],
  [/^NO_SOCKET |^ __udp[46]_lib_rcv\b/, "nobody listens there"],
];

/**
 * @param {readonly Flow[]} flows
 * @param {(netns: number) => string} namespaceName
 * @returns {string[]} aligned lines, with a heading
 */
export function storyLines(flows, namespaceName) {
  const rows = flows.map((flow) => ({
    protocol: flow.protocol,
    path: `${flow.from} -> ${flow.to}`,
    out: String(flow.out.length),
    back: String(flow.back.length),
    end: ending(flow, namespaceName),
    verdicts: [...flow.verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(", "),
  }));
  const heading = { protocol: "protocol", path: "flow", out: "out", back: "back" };
  /** @param {"protocol" | "path" | "out" | "back"} column */
  const width = (column) => Math.max(...[heading, ...rows].map((row) => row[column].length));
  const [protocol, path, out, back] = [width("protocol"), width("path"), width("out"), width("back")];
  /** @param {typeof heading} row */
  const columns = (row) =>
    `${row.protocol.padEnd(protocol)}  ${row.path.padEnd(path)}  ${row.out.padStart(out)}  ${row.back.padStart(back)}`;
  return [
    styled("dim", `  ${columns(heading)}  what became of them`),
    ...rows.flatMap((row) => [
      `  ${columns(row)}  ${row.end}`,
      ...(row.verdicts === "" ? [] : [styled("dim", `  ${"".padEnd(protocol)}    ${row.verdicts}`)]),
    ]),
  ];
}

/**
 * @param {Flow} flow
 * @param {(netns: number) => string} namespaceName
 * @returns {string}
 */
function ending({ out, back }, namespaceName) {
  const packets = [...out, ...back];
  /** @type {Map<string, number>} */
  const drops = new Map();
  for (const { drop } of packets)
    if (drop) {
      const text = dropText(drop, namespaceName);
      drops.set(text, (drops.get(text) ?? 0) + 1);
    }
  if (drops.size > 0)
    return styled("red", [...drops].map(([text, count]) => `${count} dropped in ${text}`).join("; "));
  if (packets.every(({ arrived }) => arrived)) return styled("green", "all arrived");
  return "no drop seen";
}

/**
 * @param {Drop} drop
 * @param {(netns: number) => string} namespaceName
 * @returns {string}
 */
function dropText({ netns, reason, location }, namespaceName) {
  const meaning = MEANINGS.find(([pattern]) => pattern.test(`${reason ?? ""} ${location}`))?.[1];
  const what = reason === undefined ? `at ${location}` : `at ${location}, ${reason}`;
  return `${namespaceName(netns)} ${what}${meaning === undefined ? "" : ` (${meaning})`}`;
}
