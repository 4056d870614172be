// Running the host's programs: every way in which one can fail is a line, never an exception.
import { readdirSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { findProgram, forAll, run } from "../../src/host/run.js";

test("a program's output is what it printed, in UTF-8 or byte by byte", async () => {
  expect(await run("printf", ["\\303\\251"])).toEqual({ ok: true, stdout: "é" });
  expect(await run("printf", ["\\303\\251"], { encoding: "latin1" })).toEqual({
    ok: true,
    stdout: "\xc3\xa9",
  });
});

test("arguments are not for a shell", async () => {
  expect(await run("printf", ["%s", "$(id); `id`"])).toEqual({ ok: true, stdout: "$(id); `id`" });
});

test("a program that is missing, fails, hangs or prints too much is a problem", async () => {
  expect(await run("no-such-program", [])).toEqual({ ok: false, problem: "no-such-program: not installed" });
  expect(await run("sh", ["-c", "echo why >&2; echo more >&2; exit 3"])).toEqual({
    ok: false,
    problem: "sh: why",
  });
  expect(await run("sleep", ["30"], { timeoutMs: 100 })).toEqual({
    ok: false,
    problem: "sleep: did not end within 0.1 s",
  });
  expect(await run("head", ["-c", "2000", "/dev/zero"], { outputMax: 1000 })).toMatchObject({
    ok: false,
    problem: "head: printed more than 1000 bytes",
    truncated: "\0".repeat(1000),
  });
});

test("programs are found where administrators have theirs, even if PATH lacks it", () => {
  const path = process.env["PATH"];
  const program = readdirSync("/usr/sbin").find((name) =>
    statSync(`/usr/sbin/${name}`, { throwIfNoEntry: false })?.isFile(),
  );
  try {
    process.env["PATH"] = "/nowhere";
    expect(findProgram(program ?? "")).toBe(`/usr/sbin/${program}`);
    expect(findProgram("no-such-program")).toBeUndefined();
  } finally {
    process.env["PATH"] = path;
  }
});

test("no more than so many are at work at once, and results keep their order", async () => {
  let now = 0;
  let most = 0;
  const results = await forAll([5, 1, 4, 2, 3, 0], 2, async (ms) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, ms));
    now--;
    return ms * 2;
  });
  expect(results).toEqual([10, 2, 8, 4, 6, 0]);
  expect(most).toBe(2);
});
