// Reads what `ip -json -details link show` prints. Names of interfaces are any bytes but space, slash and colon, and ip
// writes them as they are: its JSON need not be JSON, nor UTF-8.
import type { Interface } from "@skbtracer/format";

/** An interface, with what ties it to others. */
export interface InterfaceInfo extends Interface {
  /** IFF_UP: switched on by the administrator. */
  readonly up: boolean;
  /** Name of the device that it is on, or of the other end of a veth, in the same namespace. */
  readonly link?: string;
  /** Number of that device where it is in another namespace. */
  readonly linkIndex?: number;
  /** That namespace, as this one numbers it (`ip netns list-id`). */
  readonly linkNetnsid?: number;
}

interface IpLink {
  readonly ifindex?: unknown;
  readonly ifname?: unknown;
  readonly address?: unknown;
  readonly mtu?: unknown;
  readonly master?: unknown;
  readonly flags?: unknown;
  readonly link?: unknown;
  readonly link_index?: unknown;
  readonly link_netnsid?: unknown;
  readonly linkinfo?: { readonly info_kind?: unknown };
}

/**
 * The interfaces in ip's output; undefined if it cannot be understood.
 * @param output each byte as one character (latin1)
 */
export function parseInterfaces(output: string): InterfaceInfo[] | undefined {
  const links = parseLenient(output);
  if (!Array.isArray(links)) return undefined;
  return links.flatMap((link: IpLink | null): InterfaceInfo[] => {
    if (typeof link?.ifindex !== "number" || typeof link.ifname !== "string") return [];
    return [
      {
        ifindex: link.ifindex,
        name: decodeName(link.ifname),
        up: Array.isArray(link.flags) && link.flags.includes("UP"),
        ...text("mac", link.address),
        ...number("mtu", link.mtu),
        ...text("kind", link.linkinfo?.info_kind),
        ...text("master", link.master),
        ...text("link", link.link),
        ...number("linkIndex", link.link_index),
        ...number("linkNetnsid", link.link_netnsid),
      },
    ];
  });
}

/** Takes control characters within strings, and the \' of some versions of iproute2, which JSON has not. */
function parseLenient(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    const mended = output
      .trim()
      .replaceAll(/\\(.)/gs, (escape, escaped) => (escaped === "'" ? "'" : escape))
      // eslint-disable-next-line no-control-regex -- they are what is looked for
      .replaceAll(/[\x00-\x1f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
    try {
      return JSON.parse(mended);
    } catch {
      return undefined;
    }
  }
}

/** UTF-8 where the bytes are that, else each byte as a character: as names are read from the kernel. */
function decodeName(latin1: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}

function text<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  return typeof value === "string" ? ({ [key]: decodeName(value) } as Record<K, string>) : {};
}

function number<K extends string>(key: K, value: unknown): Partial<Record<K, number>> {
  return typeof value === "number" ? ({ [key]: value } as Record<K, number>) : {};
}
