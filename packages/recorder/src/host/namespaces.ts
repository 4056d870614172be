// The network namespaces of the host and the interfaces in each: proc(5) and ip-netns(8).
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { Interface, Namespace } from "@skbtracer/format";
import { forAll, run } from "./run.js";

/** Folders in which named namespaces are mounted. */
const NAMED = ["/run/netns", "/run/docker/netns"];

/** A namespace that exists now. */
export interface FoundNamespace {
  readonly inode: number;
  /** A path to enter it by. */
  readonly path: string;
  readonly name?: string;
  /** A process that lives in it. */
  readonly pid?: number;
  readonly comm?: string;
}

/** Every network namespace that a process lives in or that has a name. Ours comes first. */
export function findNamespaces(): FoundNamespace[] {
  const found = new Map<number, FoundNamespace>();
  for (const pid of ["self", ...processes()]) {
    const path = `/proc/${pid}/ns/net`;
    const inode = inodeOf(path);
    if (inode === undefined || found.has(inode)) continue;
    found.set(inode, {
      inode,
      path,
      ...(pid === "self" ? { pid: process.pid } : { pid: Number(pid) }),
      comm: commOf(pid),
    });
  }
  for (const folder of NAMED)
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const path = `${folder}/${name}`;
      const inode = inodeOf(path);
      if (inode === undefined) continue;
      // Its mount outlives the processes in it.
      found.set(inode, { ...found.get(inode), inode, path, name });
    }
  return [...found.values()];
}

const AT_A_TIME = 4;

/** The namespaces with their interfaces; what could not be read is a problem, not an error. */
export async function snapshotNamespaces(
  namespaces: readonly FoundNamespace[],
): Promise<{ namespaces: Namespace[]; problems: string[] }> {
  const problems = new Set<string>();
  const snapshot = await forAll(namespaces, AT_A_TIME, async ({ path, ...namespace }) => {
    const result = await run("nsenter", [`--net=${path}`, "ip", "-json", "-details", "link", "show"]);
    if (!result.ok) problems.add(`interfaces of namespace ${namespace.inode}: ${result.problem}`);
    return { ...namespace, interfaces: result.ok ? parseInterfaces(result.stdout) : [] };
  });
  return { namespaces: snapshot, problems: [...problems] };
}

interface IpLink {
  readonly ifindex?: unknown;
  readonly ifname?: unknown;
  readonly address?: unknown;
  readonly mtu?: unknown;
  readonly master?: unknown;
  readonly linkinfo?: { readonly info_kind?: unknown };
}

/** The output of `ip -json -details link show`. */
export function parseInterfaces(json: string): Interface[] {
  let links: unknown;
  try {
    links = JSON.parse(json);
  } catch {
    return [];
  }
  if (!Array.isArray(links)) return [];
  return links.flatMap((link: IpLink): Interface[] => {
    if (typeof link.ifindex !== "number" || typeof link.ifname !== "string") return [];
    const kind = link.linkinfo?.info_kind;
    return [
      {
        ifindex: link.ifindex,
        name: link.ifname,
        ...(typeof link.address === "string" ? { mac: link.address } : {}),
        ...(typeof link.mtu === "number" ? { mtu: link.mtu } : {}),
        ...(typeof kind === "string" ? { kind } : {}),
        ...(typeof link.master === "string" ? { master: link.master } : {}),
      },
    ];
  });
}

function processes(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined; // gone meanwhile, or not ours to see
  }
}

function commOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
