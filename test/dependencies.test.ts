// The folder tree is the architecture: who may import whom.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const PACKAGES = fileURLToPath(new URL("../packages", import.meta.url));

/** What each package may import beside its own files. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  // Pure: no files, no clock, no processes.
  format: /^node:zlib$/,
  recorder: /^(@skbtracer\/format|koffi|node:.+)$/,
  // libpcap, for who gives a filter expression.
  "pcap-filter": /^(@skbtracer\/format|koffi)$/,
  // Runs anywhere: no FFI, and nothing that only Linux has.
  analyzer: /^(@skbtracer\/format|node:(net|buffer))$/,
  cli: /^(@skbtracer\/(format|recorder|analyzer|pcap-filter)|commander|csv-stringify|node:.+)$/,
};

/** What folders of the analyzer may import beside that: what they are there for. */
const ALLOWED_IN: readonly (readonly [folder: string, allowed: RegExp])[] = [
  ["analyzer/src/export/", /^(apache-arrow|csv-stringify|hyparquet-writer)$/],
  // Parquet and Arrow are encoded in a thread of their own.
  ["analyzer/src/export/encoder-", /^node:worker_threads$/],
  ["analyzer/src/redact/", /^node:crypto$/],
  ["analyzer/src/expect/", /^yaml$/],
  // The one place with files, as SQLite's are its own to write.
  ["analyzer/src/sqlite/", /^(better-sqlite3|node:(fs|events|worker_threads))$/],
];

/** `hyparquet-writer` of `hyparquet-writer/src/plain.js`. */
function packageOf(path: string): string {
  return path.startsWith("node:") ? path : (/^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
}

function mayImport(file: string, path: string, allowed: RegExp): boolean {
  if (path.startsWith("./") || path.startsWith("../")) return true;
  const name = packageOf(path);
  return allowed.test(name) || ALLOWED_IN.some(([folder, more]) => file.includes(folder) && more.test(name));
}

/** The sources in a folder of packages/. */
function sources(path: string): string[] {
  const folder = join(PACKAGES, path);
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
    const wrong = sources(join(name, "src")).flatMap((file) =>
      imports(file)
        .filter((path) => !mayImport(file, path, allowed))
        .map((path) => `${file}: ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test("declares the packages that it imports, and no others", () => {
    const manifest = JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const used = sources(join(name, "src"))
      .flatMap(imports)
      .filter((path) => !path.startsWith(".") && !path.startsWith("node:"))
      .map(packageOf);
    expect(Object.keys(manifest.dependencies ?? {}).toSorted()).toEqual([...new Set(used)].toSorted());
  });
});

test("the format asks no clock", () => {
  const asking = sources("format/src").filter((file) =>
    /\b(Date\.now|new Date|performance\.|hrtime)/.test(readFileSync(file, "utf8")),
  );
  expect(asking).toEqual([]);
});

test("databases are opened in one place, which keeps them from being collected", () => {
  const opening = [...sources("analyzer/src"), ...sources("analyzer/test")].filter((file) =>
    /^import Database\b/m.test(readFileSync(file, "utf8")),
  );
  expect(opening.map((file) => relative(PACKAGES, file))).toEqual(["analyzer/src/sqlite/keep-alive.ts"]);
});

test("the finder of imports sees them", () => {
  expect(imports(join(PACKAGES, "recorder/src/ffi/libc.ts"))).toContain("koffi");
});
