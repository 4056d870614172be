// Sections of ELF files: those of the program that runs the tests, and of damaged ones.
import { readFileSync } from "node:fs";
import { execFileSync, spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elfSection } from "../../src/btf/elf-section.js";

const ELF = "/bin/true";
const hasReadelf = spawnSync("readelf", ["--version"]).status === 0;

describe("a section", () => {
  const elf = readFileSync(ELF);

  test.skipIf(!hasReadelf)("has the bytes that readelf finds (skipped without readelf)", () => {
    const text = execFileSync("readelf", ["--wide", "--section-headers", ELF], { encoding: "utf8" });
    const found = /\.rodata\s+PROGBITS\s+[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/.exec(text);
    const start = Number.parseInt(found?.[1] ?? "", 16);
    const size = Number.parseInt(found?.[2] ?? "", 16);
    const section = elfSection(elf, ".rodata");
    expect(section && Buffer.from(section)).toEqual(elf.subarray(start, start + size));
  });

  test("is found by its whole name", () => {
    expect(elfSection(elf, ".rodat")).toBeUndefined();
    expect(elfSection(elf, "rodata")).toBeUndefined();
    expect(elfSection(elf, ".BTF")).toBeUndefined();
  });

  test("of a damaged file, or of another, is undefined or some bytes, never an exception", () => {
    const header = fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(header, fc.nat(elf.length), (changes, length) => {
        const damaged = Buffer.from(elf);
        for (const [at, value] of changes) damaged[at] = value;
        elfSection(damaged, ".rodata");
        elfSection(elf.subarray(0, length), ".rodata");
      }),
    );
    expect(elfSection(Buffer.from("#!/bin/sh"), ".BTF")).toBeUndefined();
  });
});
