// Whether this host can record: each requirement by itself, with what to do about it.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { whyNoKprobes } from "./bpf/attach.js";
import { BtfKind } from "./btf/btf.js";
import { KernelBtf } from "./btf/kernel-btf.js";
import { memlockLimit } from "./ffi/libc.js";
import { removeLeftovers } from "./host/nft-trace.js";

/** One requirement. */
export interface Check {
  readonly name: string;
  /** `warning`: it can record, but less or worse. */
  readonly status: "ok" | "warning" | "failed";
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** Bits of CapEff in /proc/self/status: capabilities(7). */
const CAPABILITIES = { SYS_ADMIN: 21, PERFMON: 38, BPF: 39 } as const;

/** All checks. They change nothing, but for ending what a recorder that was killed has left behind. */
export function examineHost(): Check[] {
  if (process.platform !== "linux")
    return [
      {
        name: "system",
        status: "failed",
        found: `this is ${process.platform}`,
        remedy: "record on Linux; recordings can be read here",
      },
    ];
  return [
    privileges(),
    btf(),
    kprobes(),
    tracepoints(),
    jit(),
    libbpf(),
    program(),
    memlock(),
    symbols(),
    helpers(),
    nftTrace(),
  ];
}

function privileges(): Check {
  const name = "privileges";
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(read("/proc/self/status"))?.[1] ?? "0"}`);
  const has = (bit: number): boolean => ((effective >> BigInt(bit)) & 1n) === 1n;
  if (has(CAPABILITIES.SYS_ADMIN)) return { name, status: "ok", found: "CAP_SYS_ADMIN" };
  if (has(CAPABILITIES.BPF) && has(CAPABILITIES.PERFMON))
    return {
      name,
      status: "warning",
      found: "CAP_BPF and CAP_PERFMON",
      remedy: "other namespaces stay hidden: run as root",
    };
  return {
    name,
    status: "failed",
    found: "no right to load BPF programs",
    remedy: "run as root, e.g. with sudo",
  };
}

function btf(): Check {
  const name = "BTF";
  if (existsSync("/sys/kernel/btf/vmlinux")) return { name, status: "ok", found: "/sys/kernel/btf/vmlinux" };
  return {
    name,
    status: "failed",
    found: existsSync("/sys/kernel") ? "this kernel has no BTF" : "/sys is not mounted",
    remedy:
      "use a kernel built with CONFIG_DEBUG_INFO_BTF (Debian 11, Ubuntu 20.10, RHEL 8.2 and later have it)",
  };
}

function kprobes(): Check {
  const name = "kprobes";
  const reason = whyNoKprobes();
  if (reason === undefined) {
    const off = read("/sys/kernel/debug/kprobes/enabled").trim() === "0";
    if (!off) return { name, status: "ok", found: "yes" };
    return {
      name,
      status: "warning",
      found: "switched off",
      remedy: "echo 1 > /sys/kernel/debug/kprobes/enabled",
    };
  }
  return {
    name,
    status: "warning",
    found: reason,
    remedy: "recordings will have tracepoints only: fewer places, no iptables",
  };
}

function tracepoints(): Check {
  const name = "tracepoints";
  if (!KernelBtf.available) return { name, status: "warning", found: "not known without BTF" };
  // For every tracepoint there is a typedef of its signature; its symbol may not be in kallsyms.
  if (KernelBtf.read().vmlinux.has(BtfKind.TYPEDEF, "btf_trace_kfree_skb"))
    return { name, status: "ok", found: "yes" };
  return {
    name,
    status: "failed",
    found: "skb:kfree_skb is not in this kernel",
    remedy: "use a kernel with CONFIG_TRACEPOINTS",
  };
}

function jit(): Check {
  const name = "JIT";
  const value = read("/proc/sys/net/core/bpf_jit_enable").trim();
  if (value === "0")
    return {
      name,
      status: "warning",
      found: "off: probes cost several times as much",
      remedy: "sysctl net.core.bpf_jit_enable=1",
    };
  return { name, status: "ok", found: value === "" ? "always on" : "on" };
}

function libbpf(): Check {
  const name = "libbpf";
  try {
    const library = koffi.load("libbpf.so.1");
    const version = library.func("uint32_t libbpf_minor_version(void)") as () => number;
    const minor = version();
    if (minor >= 1) return { name, status: "ok", found: `1.${minor}` };
    return { name, status: "warning", found: "1.0", remedy: "1.1 or later is what skbtracer is tested with" };
  } catch {
    return {
      name,
      status: "failed",
      found: "libbpf.so.1 is not installed",
      remedy: "apt-get install libbpf1",
    };
  }
}

function program(): Check {
  const name = "program";
  const path = fileURLToPath(new URL("../../../bpf/build/skbtracer.bpf.o", import.meta.url));
  if (existsSync(path)) return { name, status: "ok", found: "compiled" };
  return {
    name,
    status: "failed",
    found: "the BPF program is not compiled",
    remedy: "install clang and llvm, then npm run setup",
  };
}

function memlock(): Check {
  const name = "memlock";
  const limit = memlockLimit();
  if (limit === undefined) return { name, status: "ok", found: "unlimited" };
  const raised = "raised when recording begins, as root may";
  return {
    name,
    status: "ok",
    found: `${limit / 1024n} KiB (${raised}; kernels from 5.11 do not count BPF maps)`,
  };
}

function symbols(): Check {
  const name = "symbols";
  if (/^(?!0{16})[0-9a-f]{16} [tT] /m.test(read("/proc/kallsyms")))
    return { name, status: "ok", found: "readable" };
  return {
    name,
    status: "failed",
    found: "the kernel hides its addresses",
    remedy: "run as root, or sysctl kernel.kptr_restrict=0",
  };
}

function helpers(): Check {
  const name = "programs";
  const folders = (process.env["PATH"] ?? "").split(":");
  const missing = ["nsenter", "ip"].filter(
    (tool) => !folders.some((folder) => existsSync(`${folder}/${tool}`)),
  );
  if (missing.length === 0) return { name, status: "ok", found: "nsenter and ip" };
  return {
    name,
    status: "warning",
    found: `no ${missing.join(", ")}`,
    remedy: "apt-get install util-linux iproute2, or interfaces and rules will not be in recordings",
  };
}

function nftTrace(): Check {
  const name = "leftovers";
  const removed = removeLeftovers();
  if (removed.length === 0) return { name, status: "ok", found: "none of --nft-rules" };
  const recorders = removed.map(({ recorderPid }) => recorderPid).join(", ");
  return {
    name,
    status: "warning",
    found: `tracing of nftables rules was still on, left by a recorder that was killed (process ${recorders})`,
    remedy: "it has been switched off",
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
