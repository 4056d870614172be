// The folder tree is the architecture: who may import whom.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const PACKAGES = fileURLToPath(new URL("../packages", import.meta.url));

/** What each package may import beside its own files. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  // Pure: no files, no clock, no processes.
  format: /^node:zlib$/,
  recorder: /^(@skbtracer\/format|koffi|node:.+)$/,
  // Runs anywhere: no FFI, and nothing that only Linux has.
  analyzer: /^(@skbtracer\/format|node:(net|buffer))$/,
  cli: /^(@skbtracer\/(format|recorder|analyzer)|commander|node:.+)$/,
};

function sources(name: string): string[] {
  const folder = join(PACKAGES, name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

function imports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^(?:import|export)\b(?:[^;"]*?\bfrom)? *"([^"]+)";/gm)].map(
    (match) => match[1] ?? "",
  );
}

describe.each(Object.keys(ALLOWED))("the package %s", (name) => {
  const allowed = ALLOWED[name] ?? /^$/;

  test("imports only what it may", () => {
    const wrong = sources(name).flatMap((file) =>
      imports(file)
        .filter((path) => !path.startsWith("./") && !path.startsWith("../") && !allowed.test(path))
        .map((path) => `${file}: ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test("declares the packages that it imports, and no others", () => {
    const manifest = JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const used = sources(name)
      .flatMap(imports)
      .filter((path) => !path.startsWith(".") && !path.startsWith("node:"));
    expect(Object.keys(manifest.dependencies ?? {}).toSorted()).toEqual([...new Set(used)].toSorted());
  });
});

test("the format asks no clock", () => {
  const asking = sources("format").filter((file) =>
    /\b(Date\.now|new Date|performance\.|hrtime)/.test(readFileSync(file, "utf8")),
  );
  expect(asking).toEqual([]);
});

test("the finder of imports sees them", () => {
  expect(imports(join(PACKAGES, "recorder/src/ffi/libc.ts"))).toContain("koffi");
});
