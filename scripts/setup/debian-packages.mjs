// The Debian packages that each job needs, and their installation.
import process from "node:process";

import { VM_PACKAGES } from "../../test/vm/harness/packages.mjs";
import { mustRun, onPath, run } from "../run-command.mjs";

/**
 * Packages by job; for each, a program that shows it is there where there is no dpkg to ask.
 * @type {Readonly<Record<"record" | "demo" | "test", Readonly<Record<string, string>>>>}
 */
const PACKAGES = {
  record: { clang: "clang", llvm: "llvm-strip", "libbpf-dev": "", make: "make" },
  demo: { iproute2: "ip", iptables: "iptables", "iputils-ping": "ping", "util-linux": "nsenter" },
  test: {
    ...Object.fromEntries(VM_PACKAGES.map((name) => [name, ""])),
    "clang-format": "clang-format",
    tcpdump: "tcpdump",
    iperf3: "iperf3",
    nftables: "nft",
    ethtool: "ethtool",
    bpftool: "bpftool",
    jq: "jq",
    sqlite3: "sqlite3",
    tshark: "tshark",
  },
};

/** @typedef {keyof typeof PACKAGES} Job */

/**
 * Installs what is missing, if this is a Debian-like system and we are root; else says what to install.
 * @param {readonly Job[]} jobs
 * @param {(line: string) => void} say
 * @throws {import("../run-command.mjs").CommandFailed}
 */
export async function installDebianPackages(jobs, say) {
  const wanted = new Map(jobs.flatMap((job) => Object.entries(PACKAGES[job])));
  if (!onPath("apt-get") || !onPath("dpkg-query")) {
    const programs = [...wanted.values()].filter((program) => program !== "" && !onPath(program));
    if (programs.length > 0) say(`not here, and needed for all to work: ${programs.join(" ")}`);
    return;
  }
  const missing = await missingPackages([...wanted.keys()]);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    say(`not installed, and needed for all to work: sudo apt-get install ${missing.join(" ")}`);
    return;
  }
  say(`installing ${missing.join(" ")}`);
  const install = [
    "-q",
    "-y",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    "install",
    ...missing,
  ];
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  if ((await run("apt-get", install, { env })).status === 0) return;
  // The lists of packages may be absent or old.
  say("updating the lists of packages");
  await mustRun("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", "update"], { env });
  await mustRun("apt-get", install, { env });
}

/**
 * @param {readonly string[]} names
 * @returns {Promise<string[]>} those that are not installed
 */
async function missingPackages(names) {
  // The status is 1 if one is unknown; the others are listed all the same.
  const { stdout } = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names]);
  const installed = new Set(
    stdout.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])),
  );
  return names.filter((name) => !installed.has(name));
}
