// Types of ICMP and ICMPv6: https://www.iana.org/assignments/icmp-parameters and icmpv6-parameters

/** What is known of a type. */
export interface IcmpType {
  readonly name: string;
  /** An error quotes a packet from its 9th byte on; a query has an identifier and a sequence number. */
  readonly kind?: "error" | "query" | "extended query";
  /** Names of the codes, where the code matters. */
  readonly codes?: readonly string[];
}

const ROUTER_ADVERTISEMENT = "router_advertisement";
const ROUTER_SOLICITATION = "router_solicitation";
const EXTENDED_REPLY_CODES = ["ok", "malformed", "no-interface", "no-entry", "multiple"];

/** Types of ICMP. */
export const ICMP_TYPES: ReadonlyMap<number, IcmpType> = new Map<number, IcmpType>([
  [0, { name: "reply", kind: "query" }],
  [
    3,
    {
      name: "unreachable",
      kind: "error",
      codes: [
        "net",
        "host",
        "protocol",
        "port",
        "frag-needed",
        "source-route",
        "net-unknown",
        "host-unknown",
        "isolated",
        "net-prohibited",
        "host-prohibited",
        "net-tos",
        "host-tos",
        "filtered",
        "host-precedence",
        "precedence",
      ],
    },
  ],
  [4, { name: "source_quench", kind: "error" }],
  [5, { name: "redirect", kind: "error", codes: ["net", "host", "net-tos", "host-tos"] }],
  [8, { name: "request", kind: "query" }],
  [9, { name: ROUTER_ADVERTISEMENT }],
  [10, { name: ROUTER_SOLICITATION }],
  [11, { name: "time_exceeded", kind: "error", codes: ["ttl", "reassembly"] }],
  [12, { name: "parameter_problem", kind: "error", codes: ["pointer", "option-missing", "length"] }],
  [13, { name: "timestamp_request", kind: "query" }],
  [14, { name: "timestamp_reply", kind: "query" }],
  [15, { name: "information_request", kind: "query" }],
  [16, { name: "information_reply", kind: "query" }],
  [17, { name: "mask_request", kind: "query" }],
  [18, { name: "mask_reply", kind: "query" }],
  [40, { name: "photuris" }],
  [42, { name: "extended_request", kind: "extended query" }],
  [43, { name: "extended_reply", kind: "extended query", codes: EXTENDED_REPLY_CODES }],
]);

/** Types of ICMPv6. */
export const ICMPV6_TYPES: ReadonlyMap<number, IcmpType> = new Map<number, IcmpType>([
  [
    1,
    {
      name: "unreachable",
      kind: "error",
      codes: ["route", "prohibited", "scope", "address", "port", "policy", "reject-route", "source-route"],
    },
  ],
  [2, { name: "too_big", kind: "error" }],
  [3, { name: "time_exceeded", kind: "error", codes: ["ttl", "reassembly"] }],
  [4, { name: "parameter_problem", kind: "error", codes: ["header", "next-header", "option"] }],
  [128, { name: "request", kind: "query" }],
  [129, { name: "reply", kind: "query" }],
  [130, { name: "mld_query" }],
  [131, { name: "mld_report" }],
  [132, { name: "mld_done" }],
  [133, { name: ROUTER_SOLICITATION }],
  [134, { name: ROUTER_ADVERTISEMENT }],
  [135, { name: "neighbour_solicitation" }],
  [136, { name: "neighbour_advertisement" }],
  [137, { name: "redirect" }],
  [138, { name: "router_renumbering" }],
  [139, { name: "node_query" }],
  [140, { name: "node_reply" }],
  [143, { name: "mldv2_report" }],
  [144, { name: "home_agent_request" }],
  [145, { name: "home_agent_reply" }],
  [146, { name: "mobile_prefix_solicitation" }],
  [147, { name: "mobile_prefix_advertisement" }],
  [148, { name: "certification_path_solicitation" }],
  [149, { name: "certification_path_advertisement" }],
  [151, { name: "multicast_router_advertisement" }],
  [152, { name: "multicast_router_solicitation" }],
  [153, { name: "multicast_router_termination" }],
  [155, { name: "rpl_control" }],
  [160, { name: "extended_request", kind: "extended query" }],
  [161, { name: "extended_reply", kind: "extended query", codes: EXTENDED_REPLY_CODES }],
]);
