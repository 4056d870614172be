// What a file of expectations says, as data. The language itself, with its words for people, is in language.ts.
import type { Outcome } from "../tables/rows.js";

/** A name for a value that the first expectation to use it finds, and later ones ask for: `$client`. */
export interface Variable {
  /** Without the `$`. */
  readonly variable: string;
}

/** An address, or a prefix of addresses. */
export interface AddressPattern {
  readonly family: 4 | 6;
  /** 4 or 16 bytes, network order, zeros behind the prefix. */
  readonly bytes: Uint8Array;
  /** Bits that have to be the same. */
  readonly length: number;
  /** As it was written. */
  readonly text: string;
}

/** Ports, both ends included. */
export interface PortPattern {
  readonly from: number;
  readonly to: number;
}

/** What an end of a packet has to be. */
export type AddressWanted = Variable | readonly AddressPattern[];
export type PortWanted = Variable | readonly PortPattern[];

/** How a packet came to be seen here. */
export type Direction = "received" | "sent";

/** Which packets an expectation is about. What is not given does not restrict. */
export interface Where {
  readonly protocol?: readonly string[];
  readonly info?: readonly string[];
  readonly source?: AddressWanted;
  readonly destination?: AddressWanted;
  readonly address?: readonly AddressPattern[];
  readonly source_port?: PortWanted;
  readonly destination_port?: PortWanted;
  readonly port?: readonly PortPattern[];
  readonly interface?: readonly string[];
  readonly namespace?: readonly string[];
  readonly direction?: Direction;
  readonly clones?: boolean;
}

/** Packets there have to be, both ends included. */
export interface Count {
  readonly atLeast: number;
  /** Infinity: any number. */
  readonly atMost: number;
}

/** What a drop may be for: `NO_SOCKET`, `nf_hook_slow`, or `NO_SOCKET at icmp_rcv`. */
export interface DropPattern {
  readonly reason?: string;
  readonly function?: string;
}

/** A pass through a table of rules. What is not given does not restrict. */
export interface PassPattern {
  readonly table?: string;
  readonly chain?: string;
  readonly hook?: string;
  readonly verdict?: string;
}

/** A packet's ends. */
export interface Ends {
  readonly source?: AddressWanted;
  readonly source_port?: PortWanted;
  readonly destination?: AddressWanted;
  readonly destination_port?: PortWanted;
}

/** What a packet is when it is first and when it is last seen. */
export interface Nat {
  readonly before?: Ends;
  readonly after?: Ends;
}

/** What may be added to a limit of time: a share of it, or ns. */
export interface Margin {
  readonly share?: number;
  readonly ns?: number;
}

/** Limits of time, in ns. */
export interface TimeLimits {
  /** Functions; the path's first and last event if not given. */
  readonly from?: string;
  readonly to?: string;
  readonly p50?: number;
  readonly p99?: number;
  readonly max?: number;
  readonly margin?: Margin;
}

/** One expectation. Every assertion is about all packets that `where` chooses. */
export interface Expectation {
  readonly name: string;
  readonly where?: Where;
  /** How many; at least one if not given. */
  readonly paths?: Count;
  readonly through?: readonly string[];
  readonly not_through?: readonly string[];
  readonly outcome?: readonly Outcome[];
  readonly drops?: "none" | readonly DropPattern[];
  readonly traversals?: "none" | readonly PassPattern[];
  readonly nat?: "none" | Nat;
  readonly time?: readonly TimeLimits[];
}

/** Whether a wanted end is a name for a value. */
export function isVariable(wanted: AddressWanted | PortWanted | undefined): wanted is Variable {
  return wanted !== undefined && "variable" in wanted;
}
