// What became of each flow of a recording, from the objects that `skbtracer replay --json --iptable --lifecycle` prints.

/**
 * A line of NDJSON: the members used here.
 * @typedef {object} Event
 * @property {"sight" | "drop" | "traversal" | "clone" | "free" | "head" | "merge"} kind
 * @property {string} function
 * @property {string} skb
 * @property {true} [first] first event of this skb: its address may have been another packet's before
 * @property {number} netns
 * @property {number} ifindex
 * @property {string} [parent] of a clone: the skb that it is one of
 * @property {string} [source]
 * @property {string} [destination]
 * @property {number} [protocol]
 * @property {number} [source_port]
 * @property {number} [destination_port]
 * @property {number} [icmp_type]
 * @property {number} [icmp_id]
 * @property {string} [table]
 * @property {string} [hook]
 * @property {string} [verdict]
 * @property {string} [drop_reason]
 * @property {string} [drop_location]
 */

/** @typedef {{ netns: number, reason: string | undefined, location: string }} Drop */

/**
 * @typedef {object} Packet
 * @property {boolean} arrived a function that receives saw it
 * @property {Drop | undefined} drop
 */

/**
 * @typedef {object} Flow
 * @property {string} protocol
 * @property {string} from the address of who was seen to send first
 * @property {string} to
 * @property {number | undefined} port the receiver's
 * @property {Packet[]} out
 * @property {Packet[]} back
 * @property {Map<string, number>} verdicts passes through tables, by what they ended with
 */

/**
 * A packet, where its skb was seen, and in which namespace last.
 * @typedef {{ packet: Packet, flow: Flow, way: string, seen: Set<string>, netns: number }} Life
 */

const RECEIVING = /netif_receive_skb|^ip_rcv|^ipv6_rcv|^ip6_rcv/;

/**
 * Places where the kernel lets go of a packet, as a drop, that has done its work: a raw socket has its own copy of an
 * echo reply, the answer to an echo request has been sent, a closed socket empties its queues.
 */
const HARMLESS = /^(?:ping_rcv|icmp_rcv|icmpv6_rcv|sk_stream_kill_queues|inet_sock_destruct)\b/;

const PROTOCOLS = new Map([
  [1, "ICMP"],
  [6, "TCP"],
  [17, "UDP"],
  [58, "ICMPv6"],
  [132, "SCTP"],
]);

const ECHO_TYPES = new Set([0, 8, 128, 129]);

/**
 * @param {Iterable<Event>} events in order of time
 * @param {boolean} endsKnown the end of every skb was recorded: not so where there are only tracepoints
 * @returns {Flow[]} in the order in which they began
 */
export function flowsOf(events, endsKnown) {
  /** @type {Map<string, Flow>} */
  const flows = new Map();
  /** @type {Map<string, Life>} by the address of the skb */
  const living = new Map();
  for (const event of events) {
    let life = living.get(event.kind === "clone" ? (event.parent ?? "") : event.skb);
    if (event.kind === "clone") {
      // What happens to it happens to the packet.
      if (life) living.set(event.skb, life);
      else living.delete(event.skb);
      continue;
    }
    if (event.first || (!endsKnown && life && isAnother(event, life))) life = undefined;
    life ??= begin(event, flows);
    if (!life) continue;
    living.set(event.skb, life);
    note(event, life);
    if (event.kind === "free" || event.kind === "drop") living.delete(event.skb);
  }
  return [...flows.values()];
}

/**
 * Flows from one address to one port are one, whichever ports they come from.
 * @param {readonly Flow[]} flows
 * @returns {Flow[]}
 */
export function mergeClients(flows) {
  /** @type {Map<string, Flow>} */
  const merged = new Map();
  for (const flow of flows) {
    const key = `${flow.protocol} ${flow.from} ${flow.to}`;
    const same = merged.get(key);
    if (!same) {
      merged.set(key, {
        ...flow,
        out: [...flow.out],
        back: [...flow.back],
        verdicts: new Map(flow.verdicts),
      });
      continue;
    }
    same.out.push(...flow.out);
    same.back.push(...flow.back);
    for (const [verdict, count] of flow.verdicts)
      same.verdicts.set(verdict, (same.verdicts.get(verdict) ?? 0) + count);
  }
  return [...merged.values()];
}

/**
 * Where ends are missed, an skb that passes the same place again, or has other addresses, is another packet.
 * @param {Event} event
 * @param {Life} life
 * @returns {boolean}
 */
function isAnother(event, life) {
  if (event.kind === "free") return false;
  return life.way !== wayOf(event) || life.seen.has(placeOf(event));
}

/** @param {Event} event */
function placeOf(event) {
  return `${event.function} ${event.netns} ${event.ifindex}`;
}

/**
 * @param {Event} event
 * @returns {[sender: string, receiver: string]}
 */
function endsOf(event) {
  return [endpoint(event.source, event.source_port), endpoint(event.destination, event.destination_port)];
}

/** @param {Event} event */
function wayOf(event) {
  return [protocolOf(event), event.icmp_id, ...endsOf(event)].join(" ");
}

/**
 * The same for both ways.
 * @param {Event} event
 */
function keyOf(event) {
  return [protocolOf(event), event.icmp_id, ...endsOf(event).toSorted()].join(" ");
}

/**
 * @param {Event} event
 * @param {Map<string, Flow>} flows
 * @returns {Life | undefined} undefined for what has no addresses
 */
function begin(event, flows) {
  if (event.source === undefined || event.destination === undefined) return undefined;
  const key = keyOf(event);
  let flow = flows.get(key);
  if (!flow) {
    const { source: from, destination_port: port } = event;
    const to = endpoint(event.destination, port);
    flow = { protocol: protocolOf(event), from, to, port, out: [], back: [], verdicts: new Map() };
    flows.set(key, flow);
  }
  /** @type {Packet} */
  const packet = { arrived: false, drop: undefined };
  const isOut = endpoint(event.destination, event.destination_port) === flow.to;
  (isOut ? flow.out : flow.back).push(packet);
  return { packet, flow, way: wayOf(event), seen: new Set(), netns: event.netns };
}

/**
 * @param {Event} event
 * @param {Life} life
 */
function note(event, life) {
  const { packet, flow } = life;
  life.seen.add(placeOf(event));
  life.netns = event.netns || life.netns;
  if (event.kind === "sight" && RECEIVING.test(event.function)) packet.arrived = true;
  if (event.kind === "traversal") {
    const verdict = `${event.table} ${event.hook} ${event.verdict}`;
    flow.verdicts.set(verdict, (flow.verdicts.get(verdict) ?? 0) + 1);
  }
  const { drop_location: location = "an unknown place", drop_reason: reason } = event;
  if (event.kind === "drop" && !HARMLESS.test(location))
    packet.drop = { netns: life.netns, reason, location };
}

/**
 * @param {Event} event
 * @returns {string}
 */
function protocolOf({ protocol = -1, icmp_type: type }) {
  const name = PROTOCOLS.get(protocol) ?? `IP protocol ${protocol}`;
  if (type === undefined) return name;
  return ECHO_TYPES.has(type) ? `${name} echo` : `${name} type ${type}`;
}

/**
 * @param {string | undefined} address
 * @param {number | undefined} port
 * @returns {string}
 */
function endpoint(address = "?", port) {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
