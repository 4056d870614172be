// Names of code addresses while modules come and go.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Symbols } from "../../src/host/symbols.js";

const KERNEL = [
  "ffffffff81000000 T _stext",
  "ffffffff81000100 T ip_rcv",
  "ffffffffc0000000 t ftrace_trampoline\t[__builtin__ftrace]",
];

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skbtracer-symbols-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);

/** What the host tells: each module has one function, at its start. */
function host(...modules: readonly (readonly [name: string, start: string, size: number])[]): void {
  const functions = modules.map(([name, start]) => `${start} t ${name}_rcv\t[${name}]`);
  writeFileSync(file("kallsyms"), `${[...KERNEL, ...functions].join("\n")}\n`);
  const listed = modules.map(([name, start, size]) => `${name} ${size} 0 - Live 0x${start}`);
  writeFileSync(file("modules"), `${listed.join("\n")}\n`);
}

const symbols = (): Symbols => new Symbols({ kallsyms: file("kallsyms"), modules: file("modules") });

const BRIDGE = ["bridge", "ffffffffc0100000", 0x8000] as const;
const GRE = ["gre", "ffffffffc0110000", 0x3000] as const;
/** In the place of the bridge. */
const VXLAN = ["vxlan", "ffffffffc0100000", 0x9000] as const;

test("a function of the kernel, and one of a module", () => {
  host(BRIDGE);
  const all = symbols();
  expect(all.resolve(0xffff_ffff_8100_0110n)).toEqual({ name: "ip_rcv", offset: 0x10 });
  expect(all.resolve(0xffff_ffff_c010_0010n)).toEqual({ name: "bridge_rcv", offset: 0x10, module: "bridge" });
});

test("what is in no module that is known has no name", () => {
  host(BRIDGE);
  const all = symbols();
  expect(all.resolve(0xffff_ffff_c010_8000n)).toBeUndefined();
  expect(all.resolve(0xffff_ffff_c008_0000n)).toBeUndefined();
  expect(all.resolve(0xffff_ffff_c000_0010n)?.name).toBe("ftrace_trampoline");
});

test("a module that is loaded later has its names", () => {
  host(BRIDGE);
  const all = symbols();
  expect(all.resolve(0xffff_ffff_c011_0010n)).toBeUndefined();
  host(BRIDGE, GRE);
  expect(all.resolve(0xffff_ffff_c011_0010n)).toEqual({ name: "gre_rcv", offset: 0x10, module: "gre" });
});

test("a module that was unloaded keeps its names until another has its place", () => {
  host(BRIDGE, GRE);
  const all = symbols();
  host(GRE);
  expect(all.resolve(0xffff_ffff_c010_0010n)?.name).toBe("bridge_rcv");
  host(GRE, VXLAN);
  expect(all.resolve(0xffff_ffff_c010_0010n)?.name).toBe("vxlan_rcv");
});

test("what was known first is known after any number of changes", () => {
  host(BRIDGE);
  const all = symbols();
  for (let i = 0; i < 6; i++) {
    host([`other${i}`, "ffffffffc0200000", 0x1000]);
    expect(all.resolve(0xffff_ffff_c020_0000n)?.name).toBe(`other${i}_rcv`);
  }
  expect(all.resolve(0xffff_ffff_c010_0010n)?.name).toBe("bridge_rcv");
});
