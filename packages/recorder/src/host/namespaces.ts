// The network namespaces of the host and the interfaces in each: proc(5) and ip-netns(8).
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Namespace } from "@skbtracer/format";
import { type InterfaceInfo, parseInterfaces } from "./ip-links.js";
import { forAll, run } from "./run.js";

/** Folders in which named namespaces are mounted; /var/run mostly is /run. */
const NAMED = ["/run/netns", "/var/run/netns", "/run/docker/netns", "/var/run/docker/netns"];

/** A namespace that exists now. */
export interface FoundNamespace {
  readonly inode: number;
  /** A path to enter it by. */
  readonly path: string;
  /** Whether we live in it. */
  readonly self: boolean;
  readonly name?: string;
  /** A process that lives in it. */
  readonly pid?: number;
  readonly comm?: string;
}

/** A namespace with its interfaces, as recorded. */
export interface NamespaceInfo extends Namespace {
  readonly self: boolean;
  readonly interfaces: readonly InterfaceInfo[];
}

/** Every network namespace that a process lives in or that has a name. Ours comes first. */
export function findNamespaces(): FoundNamespace[] {
  const found = new Map<number, FoundNamespace>();
  // All namespaces are files of one file system; a leftover of `ip netns add` is of another.
  const own = identify("/proc/self/ns/net");
  for (const pid of ["self", ...processes()]) {
    const path = `/proc/${pid}/ns/net`;
    const inode = identify(path)?.inode;
    if (inode === undefined || found.has(inode)) continue;
    const self = pid === "self";
    found.set(inode, { inode, path, self, pid: self ? process.pid : Number(pid), comm: commOf(pid) });
  }
  for (const folder of NAMED)
    for (const name of namesIn(folder)) {
      const path = `${folder}/${name}`;
      const place = identify(path);
      if (place === undefined || place.device !== own?.device) continue;
      const known = found.get(place.inode);
      if (known?.name !== undefined) continue;
      // Its mount outlives the processes in it.
      found.set(place.inode, { self: false, ...known, inode: place.inode, path, name });
    }
  return [...found.values()];
}

const AT_A_TIME = 4;
const TIMEOUT_MS = 5000;

/** The namespaces with their interfaces; what could not be read is a problem, not an error. */
export async function snapshotNamespaces(
  namespaces: readonly FoundNamespace[] = findNamespaces(),
): Promise<{ namespaces: NamespaceInfo[]; problems: string[] }> {
  const problems = new Set<string>();
  const snapshot = await forAll(namespaces, AT_A_TIME, async ({ path, ...namespace }) => {
    const command = ["ip", "-json", "-details", "link", "show"];
    const result = await run("nsenter", [`--net=${path}`, ...command], {
      timeoutMs: TIMEOUT_MS,
      encoding: "latin1",
    });
    const interfaces = result.ok ? parseInterfaces(result.stdout) : undefined;
    // A process may have ended and its number been given to one of another namespace.
    const moved = identify(path)?.inode !== namespace.inode;
    if (interfaces && !moved) return { ...namespace, interfaces };
    const problem = !result.ok ? result.problem : moved ? "it is gone" : "ip: printed what is not JSON";
    problems.add(`interfaces of namespace ${namespace.inode}: ${problem}`);
    return { ...namespace, interfaces: [] };
  });
  return { namespaces: snapshot, problems: [...problems] };
}

function processes(): string[] {
  return namesIn("/proc").filter((name) => /^\d+$/.test(name));
}

/** Names in a folder; none if there is no such folder, or if it is not ours to see. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function identify(path: string): { inode: number; device: number } | undefined {
  try {
    const { ino, dev } = statSync(path);
    return { inode: ino, device: dev };
  } catch {
    return undefined; // gone meanwhile, or not ours to see
  }
}

function commOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").replace(/\n$/, "");
  } catch {
    return "";
  }
}
