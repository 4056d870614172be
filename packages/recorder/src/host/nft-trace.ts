// Has the kernel tell which nftables rules decide. Its own tracing calls __nft_trace_packet for every rule that matches, in
// all namespaces, as long as any rule anywhere sets `nftrace` (nft_meta.c counts them). So one rule is enough, and it need not
// see a packet: it stands in a network namespace of its own, which a child process holds. Nobody's rules are touched, and
// with the child the rule goes. The child ends when its standard input does: when we end, however that happens.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { RecorderError } from "../errors.js";
import { findProgram } from "./run.js";

/** Begins the word by which a holder is known among the processes; then come the recorder's facts. */
const MARK = "skbtracer-nft-trace";

/** How long a holder may take to set up its rule, and to end. */
const START_MS = 10_000;
const STOP_MS = 3000;

const RULE = `meta nftrace set 1 comment \\"$0\\"`;
const SCRIPT = [
  `"$1" "add table inet skbtracer; add chain inet skbtracer trace; add rule inet skbtracer trace ${RULE}" </dev/null || exit`,
  "echo on",
  "read -r _",
  '"$1" delete table inet skbtracer </dev/null',
].join("\n");

/** Who recorded, so that others can tell whether it still does: process numbers are used again, and differ by namespace. */
interface Recorder {
  readonly pid: number;
  /** In ticks since the boot: field 22 of proc_pid_stat(5). */
  readonly startTime: string;
  readonly pidNamespace: string;
}

/** A holder whose recorder has ended without it. */
export interface Leftover {
  readonly pid: number;
  readonly recorderPid: number;
}

/** Tracing that is switched on. */
export class NftTrace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /**
   * Switches it on. nf_tables has to be in the kernel: this would load it.
   * @throws RecorderError that says what is missing
   */
  static async start(): Promise<NftTrace> {
    const nft = findProgram("nft");
    const unshare = findProgram("unshare");
    if (nft === undefined || unshare === undefined)
      throw new RecorderError(
        `--nft-rules needs ${nft === undefined ? "nft" : "unshare"}: apt-get install nftables util-linux`,
      );
    const self = describeProcess("self");
    if (!self) throw new RecorderError("--nft-rules needs /proc");
    const mark = [MARK, process.pid, self.startTime, self.pidNamespace].join(" ");
    // Detached: a Ctrl-C is for us, and the holder outlasts the last event.
    const holder = spawn(unshare, ["--net", "sh", "-c", SCRIPT, mark, nft], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const problem = await readiness(holder);
    if (problem === undefined) return new NftTrace(holder);
    holder.kill("SIGKILL");
    throw new RecorderError(`nftables' tracing cannot be switched on: ${problem}`);
  }

  /** Switches it off; resolves when it is. */
  async stop(): Promise<void> {
    const holder = this.#holder;
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
    holder.stdin?.end();
    const timer = setTimeout(() => holder.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** Waits until a holder says that its rule is there. @returns what went wrong, if anything */
function readiness(holder: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let complaint = "";
    const timer = setTimeout(() => resolve(`no answer within ${START_MS / 1000} s`), START_MS);
    const settle = (problem: string | undefined): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    holder.stdin?.on("error", () => undefined); // it has ended, which is told below
    holder.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    holder.stdout?.once("data", () => settle(undefined));
    holder.once("error", (error) => settle(error.message));
    holder.once("close", (code) => settle(complaint.trim().split("\n")[0] || `status ${code}`));
  });
}

/**
 * Holders that are alive although their recorder is not: one that was stopped and cannot see its input end, for instance.
 * Those of recorders in other process namespaces are not told of: whether those live cannot be known here.
 * @param proc mount of procfs
 */
export function findLeftovers(proc = "/proc"): Leftover[] {
  const own = describeProcess("self", proc)?.pidNamespace;
  return processes(proc).flatMap((pid) => {
    const mark = markOf(pid, proc);
    if (!mark || mark.pidNamespace !== own) return [];
    const isAlive = describeProcess(String(mark.pid), proc)?.startTime === mark.startTime;
    return isAlive ? [] : [{ pid: Number(pid), recorderPid: mark.pid }];
  });
}

/** Ends them; their namespaces and rules go with them. @returns those that were there */
export function removeLeftovers(): Leftover[] {
  return findLeftovers().filter(({ pid }) => {
    try {
      return process.kill(pid, "SIGKILL");
    } catch {
      return false; // ended by itself, or not ours to end
    }
  });
}

function processes(proc: string): string[] {
  try {
    return readdirSync(proc).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The recorder of a holder; undefined if the process is none. */
function markOf(pid: string, proc: string): Recorder | undefined {
  const words = read(`${proc}/${pid}/cmdline`).split("\0");
  const mark = words.find((word) => word.startsWith(`${MARK} `));
  // A shell with our script, and not an editor that has it open.
  if (mark === undefined || words[1] !== "-c" || words[2] !== SCRIPT) return undefined;
  const [, recorder = "", startTime = "", ...pidNamespace] = mark.split(" ");
  return { pid: Number(recorder), startTime, pidNamespace: pidNamespace.join(" ") };
}

function describeProcess(pid: string, proc = "/proc"): Omit<Recorder, "pid"> | undefined {
  // The command, in parentheses, may contain anything.
  const fields = read(`${proc}/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  const startTime = fields[19];
  if (startTime === undefined) return undefined;
  let pidNamespace: string;
  try {
    pidNamespace = readlinkSync(`${proc}/${pid}/ns/pid`);
  } catch {
    pidNamespace = "";
  }
  return { startTime, pidNamespace };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
