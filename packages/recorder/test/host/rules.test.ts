// Firewall rules, on real ones in namespaces of our own (needs root, iptables and nft).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FoundNamespace, findNamespaces } from "../../src/host/namespaces.js";
import { findProgram } from "../../src/host/run.js";
import { listingCommand, parseVariant, variantOf } from "../../src/host/rule-programs.js";
import { snapshotRules } from "../../src/host/rules.js";
import { canMakeNamespaces, TestNamespace } from "./netns.js";

test("the variant of iptables is told by its version", () => {
  expect(parseVariant("iptables v1.8.9 (nf_tables)\n")).toBe("nft");
  expect(parseVariant("iptables v1.8.9 (legacy)\n")).toBe("legacy");
  expect(parseVariant("iptables v1.6.1\n")).toBe("legacy");
});

describe("the variant of a plain iptables-save", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "skbtracer-path-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each([
    ["xtables-nft-multi", "nft"],
    ["xtables-legacy-multi", "legacy"],
  ])("that is a link to %s is %s", async (target, variant) => {
    writeFileSync(join(folder, target), "");
    symlinkSync(join(folder, target), join(folder, "iptables-save"));
    expect(await variantOf(join(folder, "iptables-save"))).toBe(variant);
  });

  test("that is a program by itself is what iptables beside it says", async () => {
    writeFileSync(join(folder, "ip6tables-save"), "");
    expect(await variantOf(join(folder, "ip6tables-save"))).toBeUndefined();
    writeFileSync(join(folder, "ip6tables"), "#!/bin/sh\necho 'ip6tables v1.8.7 (nf_tables)'\n", {
      mode: 0o755,
    });
    expect(await variantOf(join(folder, "ip6tables-save"))).toBe("nft");
  });
});

test("a variant that is installed under its own name is listed by that", async () => {
  for (const kind of ["iptables-legacy", "ip6tables-nft"] as const)
    if (findProgram(`${kind}-save`)) expect(await listingCommand(kind)).toEqual([`${kind}-save`, "-c"]);
});

const tools = ["iptables-legacy", "ip6tables-legacy", "iptables-nft", "nft"];
const able = canMakeNamespaces() && tools.every((tool) => spawnSync(tool, ["--version"]).status === 0);

const found = (...wanted: TestNamespace[]): FoundNamespace[] =>
  findNamespaces().filter(({ name }) => wanted.some((one) => one.name === name));

const legacyTables = ({ name }: TestNamespace): string =>
  spawnSync("ip", ["netns", "exec", name, "cat", "/proc/net/ip_tables_names"], { encoding: "utf8" }).stdout;

describe.skipIf(!able)("rules (skipped without iptables, nft, or namespaces to try them in)", () => {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  function makeNamespace(): TestNamespace {
    const namespace = new TestNamespace();
    cleanups.push(() => namespace.remove());
    return namespace;
  }

  test("that there are none of leave the namespace as it was", async () => {
    const namespace = makeNamespace();
    const before = legacyTables(namespace);
    expect(await snapshotRules(found(namespace))).toEqual({ rules: [], problems: [] });
    expect(legacyTables(namespace)).toBe(before);
    expect(namespace.exec("nft", "list", "ruleset")).toBe("");
  });

  test("of legacy iptables come with counters, of the namespace they are in, and none other", async () => {
    const [first, second] = [makeNamespace(), makeNamespace()];
    first.exec("iptables-legacy", "-A", "INPUT", "-p", "tcp", "--dport", "4242", "-j", "ACCEPT");
    second.exec("ip6tables-legacy", "-A", "INPUT", "-s", "2001:db8::1", "-j", "DROP");
    const namespaces = found(first, second);
    const { rules, problems } = await snapshotRules(namespaces);
    expect(problems).toEqual([]);
    const inode = (one: TestNamespace): number | undefined =>
      namespaces.find(({ name }) => name === one.name)?.inode;
    const legacy = rules.filter(({ kind }) => kind.endsWith("-legacy"));
    expect(legacy.map(({ netns, kind }) => [netns, kind])).toEqual(
      expect.arrayContaining([
        [inode(first), "iptables-legacy"],
        [inode(second), "ip6tables-legacy"],
      ]),
    );
    expect(legacy).toHaveLength(2);
    expect(legacy.find(({ netns }) => netns === inode(first))?.text).toMatch(
      /^\[0:0\] -A INPUT -p tcp .*--dport 4242 -j ACCEPT$/m,
    );
    expect(legacy.find(({ netns }) => netns === inode(second))?.text).toMatch(
      /^\[0:0\] -A INPUT -s 2001:db8::1\/128 -j DROP$/m,
    );
  });

  test("count what has passed", async () => {
    const namespace = makeNamespace();
    namespace.exec("ip", "link", "set", "lo", "up");
    namespace.exec("iptables-legacy", "-A", "INPUT", "-i", "lo", "-p", "icmp", "-j", "ACCEPT");
    namespace.exec("ping", "-c", "3", "-i", "0.01", "127.0.0.1");
    const { rules } = await snapshotRules(found(namespace));
    // Three requests and three replies of 84 bytes.
    expect(rules[0]?.text).toMatch(/^\[6:504\] -A INPUT -i lo -p icmp -j ACCEPT$/m);
  });

  test("of iptables-nft are listed as iptables writes them and as nft does, even with nf_tables built in", async () => {
    const namespace = makeNamespace();
    namespace.exec("iptables-nft", "-A", "FORWARD", "-p", "udp", "--dport", "5353", "-j", "DROP");
    const { rules, problems } = await snapshotRules(found(namespace));
    expect(problems).toEqual([]);
    expect(rules.map(({ kind }) => kind)).toEqual(["iptables-nft", "nft", "nft-handles"]);
    expect(rules[0]?.text).toMatch(/^\[0:0\] -A FORWARD -p udp .*--dport 5353 -j DROP$/m);
    const ruleset = JSON.parse(rules[1]?.text ?? "") as { nftables: Record<string, unknown>[] };
    expect(ruleset.nftables.some((item) => "rule" in item)).toBe(true);
    expect(rules[2]?.text).toMatch(/^\t\t.*udp dport 5353 .*drop # handle \d+$/m);
  });

  test("of nft alone are listed by nft alone", async () => {
    const namespace = makeNamespace();
    namespace.exec("nft", "add", "table", "inet", "own");
    const { rules } = await snapshotRules(found(namespace));
    expect(rules.map(({ kind }) => kind)).toEqual(["nft", "nft-handles"]);
  });

  test("longer than the limit are a problem, and cut between lines or left out", async () => {
    const namespace = makeNamespace();
    for (let port = 1; port <= 20; port++)
      namespace.exec("iptables-nft", "-A", "INPUT", "-p", "udp", "--dport", String(port), "-j", "DROP");
    const { rules, problems } = await snapshotRules(found(namespace), 600);
    expect(problems.filter((problem) => problem.includes("printed more than 600 bytes"))).toHaveLength(3);
    expect(rules.map(({ kind }) => kind)).toEqual(["iptables-nft", "nft-handles"]);
    const text = rules[0]?.text ?? "";
    expect(text.length).toBeLessThanOrEqual(600);
    expect(text).toMatch(/-j DROP\n$/);
  });

  test("of a namespace that is gone are a problem and not an error", async () => {
    const namespace = makeNamespace();
    const gone = found(namespace);
    namespace.remove();
    const { rules, problems } = await snapshotRules(gone);
    expect(rules).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toContain(`namespace ${gone[0]?.inode}`);
  });
});
