// The tables: the one definition of their columns. SQLite, Arrow, Parquet, CSV, NDJSON and docs/schema.md follow it.

/** What a column holds. `integer` is exact up to 2^53; `wide` needs 64 bits; `boolean` is 0 or 1. */
export type ColumnType = "integer" | "wide" | "text" | "boolean";

/** One column. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a row may have none. */
  readonly optional?: true;
  readonly unit?: string;
  readonly meaning: string;
}

/** One table. */
export interface TableDefinition {
  readonly meaning: string;
  readonly columns: readonly ColumnDefinition[];
}

type Row = readonly [name: string, type: `${ColumnType}${"?" | ""}`, unit: string, meaning: string];

function table(meaning: string, ...rows: readonly Row[]): TableDefinition {
  return {
    meaning,
    columns: rows.map(([name, type, unit, text]) => ({
      name,
      type: type.replace("?", "") as ColumnType,
      meaning: text,
      ...(type.endsWith("?") && { optional: true as const }),
      ...(unit && { unit }),
    })),
  };
}

const RECORDING: Row = [
  "recording",
  "text",
  "",
  "UUID of the recording that the row comes from: `meta.recording`",
];
const TIME: readonly Row[] = [
  ["time_ns", "integer", "ns", "since the recording's start, by CLOCK_MONOTONIC"],
  ["unix_ns", "wide?", "ns", "since 1970 by the host's clock; none if the recording has no pair of clocks"],
];
const PACKET: readonly Row[] = [
  ["protocol", "text?", "", "`TCP`, `UDP`, `ICMP`, `ICMPv6`, `ARP`..., behind IPv6 extension headers"],
  ["info", "text?", "", "TCP flags (`SYN,ACK`), kind of ICMP message (`request`), ARP operation"],
  ["source", "text?", "", "IP source address, or ARP's sender"],
  ["source_port", "integer?", "", "of TCP, UDP and SCTP"],
  ["destination", "text?", "", "IP destination address, or ARP's target"],
  ["destination_port", "integer?", "", "of TCP, UDP and SCTP"],
  ["icmp_id", "integer?", "", "identifier of ICMP echo and other queries"],
  ["icmp_seq", "integer?", "", "sequence number of the same"],
];
const NETNS: Row = ["netns", "integer", "", "inode of the network namespace; 0: not known"];

/** Names of the tables. */
export type TableName =
  | "meta"
  | "events"
  | "paths"
  | "drops"
  | "traversals"
  | "losses"
  | "probes"
  | "interfaces"
  | "rules";

/** Every table. */
export const TABLES: Readonly<Record<TableName, TableDefinition>> = {
  meta: table(
    "The recordings: one row each",
    ["recording", "text", "", "UUID, new for each recording"],
    ["host", "text?", "", "its name"],
    ["distribution", "text?", "", "as in /etc/os-release"],
    ["kernel", "text?", "", "`uname -r`"],
    ["kernel_version", "text?", "", "`uname -v`"],
    ["machine", "text?", "", "`uname -m`"],
    ["cpus", "integer?", "", "possible CPUs"],
    ["boot_id", "text?", "", "new with each boot of the host"],
    ["version", "text?", "", "of the skbtracer that recorded"],
    ["command_line", "text", "", "arguments of `skbtracer`, separated by spaces"],
    [
      "filter",
      "text?",
      "",
      "the packets that it was made of, as options of `record`: of others it says nothing; none: all packets. `--slice` stands for what a slice has chosen otherwise",
    ],
    [
      "start_unix_ns",
      "wide?",
      "ns",
      "when it began, since 1970; `unix_ns` of a row is this plus its `time_ns`",
    ],
    [
      "start_monotonic_ns",
      "wide",
      "ns",
      "the same by CLOCK_MONOTONIC: since the host's boot, without suspends",
    ],
    ["first_ns", "integer?", "ns", "time of the first event since the start"],
    ["last_ns", "integer?", "ns", "time of the last event since the start"],
    ["events", "integer", "", "events in the file"],
    ["lost", "integer", "", "events that the rings refused: see `losses`"],
    ["missing", "integer", "", "events that were recorded and are not in the file"],
    ["late", "integer", "", "events that may stand out of order"],
    ["paths", "integer", "", "rows of `paths`"],
    ["incomplete_paths", "integer", "", "of those, not complete"],
    [
      "damaged_ranges",
      "integer",
      "",
      "parts that could not be read, of the file or of the one that it was made from",
    ],
    [
      "closed",
      "boolean",
      "",
      "whether the recording was ended in order: if not, its last moments may be missing",
    ],
    ["end_reason", "text?", "", "`duration`, `count`, `command`, a signal, or an errno such as `ENOSPC`"],
    [
      "ends_recorded",
      "boolean",
      "",
      "whether the ends of all skbs were probed; if not (no kprobes), paths are guesses at addresses' next use",
    ],
  ),
  events: table(
    "What was seen: one row each, in the order of time",
    RECORDING,
    ["event", "integer", "", "number in the recording, from 1"],
    ["path", "integer?", "", "`paths.path`; none for the end of an skb that was not seen before"],
    ...TIME,
    ["cpu", "integer", "", "number of the CPU"],
    [
      "kind",
      "text",
      "",
      "`sight` (a function was entered with the skb), `drop`, `traversal`, `clone` (made from another: `paths.begin`), `head` (got a new head), `merge` (its data went on in another), `free`, `return` (from a function), `hook` (netfilter did not let it pass), `rule` (nftables' tracing) or `conntrack` (its connection)",
    ],
    [
      "function",
      "text",
      "",
      "the probed function, as the kernel's source calls it, or the tracepoint; of a return with `%return` after it",
    ],
    NETNS,
    ["ifindex", "integer", "", "of the device that the skb was at; 0: none"],
    ["interface", "text?", "", "its name then"],
    ["pid", "integer", "", "the process that ran: the sender, or whoever was interrupted"],
    ["len", "integer", "bytes", "`skb->len`"],
    ["mark", "integer", "", "`skb->mark`"],
    ...PACKET,
    ["ip_len", "integer?", "bytes", "length of the IP packet by its header"],
    [
      "return_value",
      "text?",
      "",
      "of a return: a number, `true`, `false`, or an address in hexadecimal, by the function's type",
    ],
  ),
  paths: table(
    "Lives of skbs: one row each. The same address used again is another path",
    RECORDING,
    ["path", "integer", "", "number in the recording, from 1, in the order in which they began"],
    [
      "parent",
      "integer?",
      "",
      "of what was made from another skb (`begin` says how): the path of that one, where it was seen",
    ],
    [
      "family",
      "integer",
      "",
      "the path that this one, by its parents, comes from; its own where it has none. One packet with all that was made from it has one number",
    ],
    [
      "merged_into",
      "integer?",
      "",
      "the path of the skb that its data went on in when it was freed (TCP's queues, reassembly, GRO), where that was seen",
    ],
    ["skb", "text", "", "address of the sk_buff"],
    ["time_ns", "integer", "ns", "of the first event, since the recording's start"],
    ["unix_ns", "wide?", "ns", "of the first event, since 1970"],
    ["last_ns", "integer", "ns", "of the last event, since the recording's start"],
    ["duration_ns", "integer", "ns", "from the first to the last event"],
    [
      "begin",
      "text",
      "",
      "`received` from a device, `sent` from here, `unknown`; or made from its parent: `cloned`, `copied`, `segmented` (GSO), `fragmented` (IP)",
    ],
    [
      "outcome",
      "text",
      "",
      "`delivered` to a socket or protocol here, `transmitted` by a device, `dropped`, `consumed` (kept, merged, or freed in order elsewhere), `open` (the recording ended), `unknown` (its end was not seen)",
    ],
    ["complete", "boolean", "", "0 where something of it may be missing"],
    [
      "incomplete_because",
      "text?",
      "",
      "`loss` (events were lost meanwhile on a CPU that it was seen on), `loss_elsewhere` (on another, where it may have been too), `damage` (a part of the file is missing), `begin`, `end` (not seen), `open`: comma-separated",
    ],
    ["events", "integer", "", "number of its events"],
    ["hops", "integer", "", "number of functions entered"],
    ["functions", "text", "", "those functions in their order, separated by spaces"],
    ["hop_ns", "text", "ns", "time of each since the path's first event, in the same order"],
    ["interfaces", "text", "", "devices in the order of its way, separated by spaces"],
    [
      "namespaces",
      "text",
      "",
      "inodes of its network namespaces in the order of its way, separated by spaces",
    ],
    ["cpus", "text", "", "CPUs that it was seen on, separated by spaces"],
    ["pid", "integer", "", "process that ran at the first event"],
    [
      "len",
      "integer",
      "bytes",
      "`skb->len` at the first event that shows the packet; of a clone or copy that none shows, its parent's",
    ],
    ...PACKET,
    ["last_source", "text?", "", "IP source address when last seen"],
    ["last_source_port", "integer?", "", "the same of the port"],
    ["last_destination", "text?", "", "IP destination address when last seen"],
    ["last_destination_port", "integer?", "", "the same of the port"],
    [
      "nat_before",
      "text?",
      "",
      "both ends before NAT, `10.0.0.1:4711 -> 192.0.2.1:80`, by conntrack or by the headers; none without NAT",
    ],
    ["nat_after", "text?", "", "both ends after NAT"],
    [
      "conntrack",
      "text?",
      "",
      "states that conntrack gave it, where it left a table: `NEW`, `ESTABLISHED`, `ESTABLISHED_REPLY`, `RELATED`, `RELATED_REPLY`, `UNTRACKED`, separated by spaces",
    ],
    [
      "verdicts",
      "text?",
      "",
      "passes through tables in their order: `nat.PREROUTING.ACCEPT filter.INPUT.DROP`, with nftables' base chain `filter/input.INPUT.DROP`; `hooks.INPUT.DROP` is what a hook decided where no table in it did",
    ],
    ["drop_reason", "text?", "", "of a drop, where the kernel gives reasons"],
    ["drop_location", "text?", "", "function and offset that dropped it"],
  ),
  drops: table(
    "Packets that the kernel freed as dropped (tracepoint skb:kfree_skb): one row each",
    RECORDING,
    ["drop", "integer", "", "number in the recording, from 1"],
    ["event", "integer", "", "`events.event`"],
    ["path", "integer", "", "`paths.path`"],
    ...TIME,
    ["cpu", "integer", "", "number of the CPU"],
    ["reason", "text?", "", "name of the kernel's reason; none where the kernel gives none"],
    ["location", "text", "", "who dropped it: `symbol+offset [module]`"],
    ["function", "text", "", "the location's function"],
    ["benign", "boolean", "", "1 where the kernel frees packets this way although nothing is wrong"],
    ["benign_rule", "text?", "", "which rule says so"],
    NETNS,
    ["interface", "text?", "", "the device that it was at"],
    ["pid", "integer", "", "the process that ran"],
    ["len", "integer", "bytes", "`skb->len`"],
    ...PACKET,
    ["stack", "text?", "", "the kernel's stack, innermost frame first, separated by `; `, where recorded"],
  ),
  traversals: table(
    "Passes through tables of xtables and nftables, and hooks that did not let a packet pass: one row each",
    RECORDING,
    ["traversal", "integer", "", "number in the recording, from 1"],
    ["event", "integer", "", "`events.event`"],
    ["path", "integer", "", "`paths.path`"],
    ...TIME,
    ["cpu", "integer", "", "number of the CPU"],
    [
      "engine",
      "text",
      "",
      "`xtables` (iptables-legacy), `nft` (nftables and iptables-nft), or `hooks`: all that is registered at the hook together, where that did not let the packet pass",
    ],
    ["family", "text", "", "the packet's: `ip`, `ip6`, `arp`, `bridge`..."],
    ["table_family", "text", "", "the table's: `inet` is of both IPv4 and IPv6"],
    ["table_name", "text", "", "`filter`, `nat`, `mangle`, `raw`, `security`, any in nftables; `hooks`"],
    ["chain", "text?", "", "the base chain, of nftables; elsewhere it is called as the hook"],
    [
      "hook",
      "text",
      "",
      "`PREROUTING`, `INPUT`, `FORWARD`, `OUTPUT`, `POSTROUTING`, `INGRESS`, `EGRESS` or `BROUTING`",
    ],
    [
      "verdict",
      "text",
      "",
      "`ACCEPT`, `DROP`, `STOLEN`, `QUEUE`, `REPEAT` or `STOP`; of `hooks`, `STOLEN` may be `QUEUE` too",
    ],
    [
      "rule_handle",
      "integer?",
      "",
      "which rule of an nftables table decided, with `--nft-rules`; none if the chain's policy did",
    ],
    ["rule", "text?", "", "that rule as nft lists it, or `policy`"],
    ["conntrack", "text?", "", "state that conntrack gave the packet, as in `paths`"],
    [
      "duration_ns",
      "integer",
      "ns",
      "time spent in the table, interrupts included; of `hooks`, from `time_ns` on",
    ],
    NETNS,
    ["in_interface", "text?", "", "the device it came in by"],
    ["out_interface", "text?", "", "the device it goes out by"],
    ["pid", "integer", "", "the process that ran"],
    ["len", "integer", "bytes", "`skb->len`"],
    ...PACKET,
  ),
  losses: table(
    "Events that are missing: one row for each gap",
    RECORDING,
    ["cpu", "integer?", "", "number of the CPU; none: not known"],
    ["after_ns", "integer", "ns", "they are missing after this time since the recording's start"],
    ["before_ns", "integer", "ns", "and before this one"],
    ["count", "integer?", "", "how many; none: not known"],
    ["probe", "text?", "", "which probe's events, if all that were lost are one's; else see `probes.lost`"],
    [
      "cause",
      "text",
      "",
      "`ring full`; `missed`: the kernel did not run the probe's program, at a time that is not known; or `damage` of the file",
    ],
  ),
  probes: table(
    "What was probed, and what could not be",
    RECORDING,
    ["probe", "text", "", "name of the function or tracepoint, as asked for"],
    [
      "type",
      "text",
      "",
      "`kprobe`, `kprobe_multi` (many attached together), `kretprobe` or `raw_tracepoint`",
    ],
    ["event", "text", "", "the kind of its events"],
    ["status", "text", "", "`attached` or `refused`"],
    ["reason", "text?", "", "why it was refused"],
    ["symbol", "text?", "", "the kernel's symbol, which may have a suffix"],
    ["module", "text?", "", "the kernel module that it is in"],
    ["argument", "integer?", "", "which argument is the skb, from 1"],
    [
      "events",
      "integer",
      "",
      "its events in the file; rows of a `kprobe` and a `kretprobe` of one `event` have them together",
    ],
    ["lost", "integer?", "", "its events that the rings refused, of such rows together too; none: not known"],
    [
      "hits",
      "integer?",
      "",
      "how often it ran on a packet: its events, in the file and lost, and packets that the filter did not want; none: not known",
    ],
    [
      "missed",
      "integer?",
      "",
      "how often the kernel did not run it, as it was busy with another probe; none: not known for it by itself",
    ],
  ),
  interfaces: table(
    "Network devices when the recording began",
    RECORDING,
    NETNS,
    ["netns_name", "text?", "", "the namespace's name in /run/netns"],
    ["ifindex", "integer", "", "number of the device in its namespace"],
    ["interface", "text", "", "its name"],
    ["mac", "text?", "", "its link address"],
    ["mtu", "integer?", "bytes", "its MTU"],
    ["kind", "text?", "", "`veth`, `bridge`, `vxlan`...; none for a plain device"],
    ["master", "text?", "", "the bridge or bond that it belongs to"],
    ["up", "boolean?", "", "whether it was up"],
    ["link", "text?", "", "the other end of a veth pair, or the device below"],
  ),
  rules: table(
    "Firewall rules: one row for each listing",
    RECORDING,
    ["moment", "text", "", "`start` or `end` of the recording"],
    NETNS,
    [
      "kind",
      "text",
      "",
      "`iptables-legacy`, `ip6tables-legacy`, `iptables-nft`, `ip6tables-nft`, `nft` or `nft-handles`",
    ],
    [
      "text",
      "text",
      "",
      "what iptables-save with counters, `nft -j list ruleset`, or `nft -a -t list ruleset` printed",
    ],
  ),
};

/** The names in an order in which they can be filled: what is referred to first. */
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

/** Whether there is a table of this name. */
export function isTableName(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}

/** A value of a row. */
export type Value = string | number | bigint | null;
