// Network namespaces for tests: made with ip, named after this process, and removed again.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

let made = 0;

/** Whether this host lets us make namespaces. */
export function canMakeNamespaces(): boolean {
  if (process.getuid?.() !== 0) return false;
  const name = nextName();
  const able = spawnSync("ip", ["netns", "add", name]).status === 0;
  if (able) spawnSync("ip", ["netns", "del", name]);
  return able;
}

/** A namespace of our own. */
export class TestNamespace {
  readonly name: string = nextName();
  readonly path: string = `/run/netns/${this.name}`;

  constructor() {
    execFileSync("ip", ["netns", "add", this.name]);
  }

  /** Runs a program in it and returns what it prints. */
  exec(...command: string[]): string {
    return execFileSync("ip", ["netns", "exec", this.name, ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  remove(): void {
    if (existsSync(this.path)) execFileSync("ip", ["netns", "del", this.name]);
  }
}

function nextName(): string {
  return `skbtest-${process.pid}-${made++}`;
}
