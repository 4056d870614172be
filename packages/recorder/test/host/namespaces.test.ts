// Network namespaces and their interfaces, on real ones (needs root and iproute2).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { findNamespaces, snapshotNamespaces } from "../../src/host/namespaces.js";
import { canMakeNamespaces, TestNamespace } from "./netns.js";

const inodeOf = (path: string): number => statSync(path).ino;

test("our own namespace comes first and is marked", () => {
  const [own, ...others] = findNamespaces();
  expect(own).toMatchObject({ self: true, inode: inodeOf("/proc/self/ns/net"), pid: process.pid });
  expect(others.some(({ self }) => self)).toBe(false);
});

describe.skipIf(!canMakeNamespaces())("namespaces (skipped where none can be made)", () => {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
  });

  function makeNamespace(): TestNamespace {
    const namespace = new TestNamespace();
    cleanups.push(() => namespace.remove());
    return namespace;
  }

  test("with a name are found by it, with their interfaces", async () => {
    const namespace = makeNamespace();
    namespace.exec("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1");
    namespace.exec("ip", "link", "add", "br0", "type", "bridge");
    namespace.exec("ip", "link", "set", "v0", "mtu", "1234", "master", "br0", "up");
    const found = findNamespaces().filter(({ name }) => name === namespace.name);
    expect(found).toEqual([
      { inode: inodeOf(namespace.path), path: namespace.path, name: namespace.name, self: false },
    ]);

    const { namespaces, problems } = await snapshotNamespaces(found);
    expect(problems).toEqual([]);
    const byName = new Map(namespaces[0]?.interfaces.map((one) => [one.name, one]));
    expect([...byName.keys()].toSorted()).toEqual(["br0", "lo", "v0", "v1"]);
    expect(byName.get("v0")).toMatchObject({ kind: "veth", master: "br0", mtu: 1234, up: true, link: "v1" });
    expect(byName.get("v1")).toMatchObject({ kind: "veth", up: false });
    expect(byName.get("br0")?.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    expect(byName.get("lo")?.ifindex).toBe(1);
  });

  test("with interfaces of hostile names lose none of them", async () => {
    const namespace = makeNamespace();
    const names = ["c\x01d", "=cmd\\x", 'q"uote', "a'b", "é", "$(reboot)"];
    for (const [i, name] of names.entries())
      namespace.exec("ip", "link", "add", name, "type", "veth", "peer", "name", `peer${i}`);
    const found = findNamespaces().filter(({ name }) => name === namespace.name);
    const { namespaces, problems } = await snapshotNamespaces(found);
    expect(problems).toEqual([]);
    expect(namespaces[0]?.interfaces.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  test("without a name are found by a process that lives there", async () => {
    const child: ChildProcess = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    cleanups.push(() => child.kill("SIGKILL"));
    if (child.stdout) await once(child.stdout, "data");
    const inode = inodeOf(`/proc/${child.pid}/ns/net`);
    const found = findNamespaces().find((namespace) => namespace.inode === inode);
    expect(found).toMatchObject({ pid: child.pid, path: `/proc/${child.pid}/ns/net`, self: false });
    expect(found?.name).toBeUndefined();
    const { namespaces } = await snapshotNamespaces(found ? [found] : []);
    expect(namespaces[0]?.interfaces.map(({ name }) => name)).toContain("lo");
  });

  test("that vanish before they are read are a problem and not an error", async () => {
    const namespace = makeNamespace();
    const found = findNamespaces().filter(({ name }) => name === namespace.name);
    namespace.remove();
    const { namespaces, problems } = await snapshotNamespaces(found);
    expect(namespaces[0]?.interfaces).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`interfaces of namespace ${found[0]?.inode}`);
  });

  test("whose process has been followed by one of another namespace are not given that one's interfaces", async () => {
    const namespace = makeNamespace();
    const found = findNamespaces().filter(({ name }) => name === namespace.name);
    const { namespaces, problems } = await snapshotNamespaces(found.map((one) => ({ ...one, inode: 1 })));
    expect(namespaces).toMatchObject([{ inode: 1, interfaces: [] }]);
    expect(problems).toEqual(["interfaces of namespace 1: it is gone"]);
  });

  test("are not what `ip netns` leaves behind when it is interrupted: a plain file", () => {
    const namespace = makeNamespace();
    const leftover = `${namespace.path}-leftover`;
    writeFileSync(leftover, "");
    cleanups.push(() => rmSync(leftover));
    const names = findNamespaces().map(({ name }) => name);
    expect(names).toContain(namespace.name);
    expect(names).not.toContain(`${namespace.name}-leftover`);
  });
});
