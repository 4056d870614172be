// What is said of the machine, beside what its own programs say.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { describeMachine, onlineCpus, parseCpuList } from "../../src/host/machine.js";

const say = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8" }).trim();

test("the machine is what uname and getconf say it is", () => {
  const machine = describeMachine();
  expect(machine).toMatchObject({
    hostname: say("uname", "-n"),
    kernel: say("uname", "-r"),
    kernelVersion: say("uname", "-v"),
    machine: say("uname", "-m"),
    pageSize: Number(say("getconf", "PAGESIZE")),
  });
  expect(machine.bootId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(machine.cpus).toBeGreaterThanOrEqual(onlineCpus().length);
  expect(onlineCpus()).toHaveLength(Number(say("getconf", "_NPROCESSORS_ONLN")));
});

test("lists of CPUs have numbers and ranges", () => {
  expect(parseCpuList("0-3,8,10-11\n")).toEqual([0, 1, 2, 3, 8, 10, 11]);
  expect(parseCpuList("0\n")).toEqual([0]);
  expect(parseCpuList("\n")).toEqual([]);
});
