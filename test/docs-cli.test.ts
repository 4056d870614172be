// docs/cli.md and --help name the same commands and the same options.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const DOCUMENT = readFileSync(new URL("../docs/cli.md", import.meta.url), "utf8");

function help(...args: string[]): string {
  return execFileSync(process.execPath, [CLI, ...args, "--help"], { encoding: "utf8" });
}

/** The options that help lists: `-H, --ipaddr <address>`. */
function optionsOfHelp(text: string): string[] {
  return [...text.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: <[\w-]+>)?)/gm)].map(([, option = ""]) => option);
}

/** Sections of the document by heading, in lower case as links to them are. */
const sections = new Map(
  DOCUMENT.split(/^## /m).map((text, index) => [
    index === 0 ? "" : (text.split("\n")[0] ?? "").toLowerCase(),
    text,
  ]),
);

/** The options in the tables of a section. */
function ownOptions(section: string): string[] {
  const text = sections.get(section);
  if (text === undefined) throw new Error(`docs/cli.md has no section ${section}`);
  return [...text.matchAll(/^\| `(-[^`]+)` \|/gm)].map(([, option = ""]) => option);
}

/** Those of a command: its own, those of sections that it says it takes, and those of every command. */
function documentedOptions(command: string): string[] {
  const taken = /^Takes: (.*)$/m.exec(sections.get(command) ?? "")?.[1] ?? "";
  const groups = [...taken.matchAll(/\(#(\w+)\)/g)].map(([, group = ""]) => group);
  return ["", command, ...groups].flatMap(ownOptions);
}

const listOfCommands = /\nCommands:\n(.*?)\n\n/s.exec(help())?.[1] ?? "";
const commands = [...listOfCommands.matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name);

describe("docs/cli.md", () => {
  test("lists the commands of --help", () => {
    expect(commands.length).toBeGreaterThan(0);
    const listed = [...DOCUMENT.matchAll(/^\| \[`(\w+)`\]/gm)].map(([, name = ""]) => name);
    expect(listed.toSorted()).toEqual(["skbtracer", ...commands].toSorted());
  });

  test("has the options of --help of live tracing, and no others", () => {
    expect(documentedOptions("skbtracer").toSorted()).toEqual(optionsOfHelp(help()).toSorted());
  });

  test.each(commands)("has the options of %s --help, and no others", (command) => {
    expect(documentedOptions(command).toSorted()).toEqual(optionsOfHelp(help(command)).toSorted());
  });
});
