// Builds the initramfs that a guest boots from: busybox, init.sh and the kernel's modules, decompressed, in the order
// they are to be loaded. Format: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { buildOnce, cacheFolder } from "./cache.mjs";
import { CommandFailed, run } from "./command.mjs";

const BUSYBOX = "/bin/busybox";
const INIT = new URL("init.sh", import.meta.url);

/** Loaded before the file tree can be mounted. */
const FIRST_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/**
 * Loaded before the script runs, so that their functions are there to be probed. Others come on demand.
 * @type {readonly string[]}
 */
export const DEFAULT_MODULES = Object.freeze([
  "af_packet",
  "veth",
  "dummy",
  "tun",
  "vxlan",
  "bridge",
  "br_netfilter",
  "sch_fq_codel",
  "nf_conntrack",
  "ip_tables",
  "iptable_filter",
  "iptable_nat",
  "iptable_mangle",
  "iptable_raw",
  "ip6_tables",
  "ip6table_filter",
  "ip6table_nat",
  "ip6table_mangle",
  "ip6table_raw",
  "nf_tables",
  "nft_compat",
  "nft_chain_nat",
  "nft_ct",
  "nft_nat",
  "nft_masq",
  "nft_redir",
  "nft_reject_inet",
  "nft_log",
  "nft_limit",
  "xt_tcpudp",
  "xt_conntrack",
  "xt_comment",
  "xt_mark",
  "xt_nat",
  "xt_MASQUERADE",
  "xt_REDIRECT",
  "xt_LOG",
  "ipt_REJECT",
  "ip6t_REJECT",
]);

/**
 * @param {import("./kernels.mjs").Kernel} kernel
 * @param {readonly string[]} [modules] names; one that the kernel has built in or lacks is named on the console
 * @returns {Promise<string>} path of the cpio archive, in the cache
 */
export async function prepareInitramfs(kernel, modules = DEFAULT_MODULES) {
  const init = await readFile(INIT, "utf8");
  const busybox = await readFile(BUSYBOX);
  const inputs = JSON.stringify([kernel.release, kernel.packageVersion, FIRST_MODULES, modules, init]);
  const hash = createHash("sha256").update(inputs).update(busybox).digest("hex").slice(0, 16);
  const path = join(cacheFolder(), kernel.suite, `initramfs-${hash}.cpio`);
  return buildOnce(path, async (unfinished) => {
    const tree = `${unfinished}.tree`;
    await rm(tree, { recursive: true, force: true });
    await mkdir(join(tree, "bin"), { recursive: true });
    await mkdir(join(tree, "modules"));
    await copyFile(BUSYBOX, join(tree, "bin/busybox"));
    await writeFile(join(tree, "init"), init);
    await chmod(join(tree, "init"), 0o755);
    await copyModules(kernel, modules, join(tree, "modules"));
    const names = await run("find", [".", "-mindepth", "1"], { cwd: tree });
    await run("cpio", ["--quiet", "-o", "-H", "newc", "-O", `${tree}.cpio`], { cwd: tree, input: names });
    await rename(`${tree}.cpio`, unfinished);
    await rm(tree, { recursive: true });
  });
}

/**
 * Copies the modules, and writes first.list and wanted.list (file names in load order) and absent.list (lines to show).
 * @param {import("./kernels.mjs").Kernel} kernel
 * @param {readonly string[]} modules
 * @param {string} folder
 */
async function copyModules(kernel, modules, folder) {
  /** @type {Set<string>} */
  const copied = new Set();
  /** @type {string[]} */
  const absent = [];
  for (const [list, names] of /** @type {const} */ ([
    ["first.list", FIRST_MODULES],
    ["wanted.list", modules],
  ])) {
    const before = copied.size;
    for (const name of names) {
      const files = await loadOrder(kernel, name);
      if (!files) absent.push(`module ${name}: not part of this kernel`);
      else if (!files.length) absent.push(`module ${name}: built in`);
      for (const file of files ?? []) {
        if (copied.has(file)) continue;
        copied.add(file);
        await copyDecompressed(file, join(folder, plainName(file)));
      }
    }
    const added = [...copied].slice(before).map(plainName);
    await writeFile(join(folder, list), added.map((name) => `${name}\n`).join(""));
  }
  await writeFile(join(folder, "absent.list"), absent.map((line) => `${line}\n`).join(""));
}

/**
 * @param {import("./kernels.mjs").Kernel} kernel
 * @param {string} name
 * @returns {Promise<string[] | null>} files of the module and all it needs, in load order; [] if built in, null if unknown
 */
async function loadOrder({ modulesRoot, release }, name) {
  // -C: the host's own /etc/modprobe.d has no say here.
  const args = ["-C", "/dev/null", "-d", modulesRoot, "-S", release, "--show-depends", name];
  const text = await run("modprobe", args).catch((/** @type {unknown} */ error) => {
    if (error instanceof CommandFailed && error.reason.includes("not found")) return null;
    throw error;
  });
  return text === null ? null : [...text.matchAll(/^insmod (\S+)/gm)].map((found) => found[1] ?? "");
}

/**
 * @param {string} file
 * @returns {string} the module's file name, without .xz or .zst
 */
function plainName(file) {
  return basename(file).replace(/\.(xz|zst)$/, "");
}

/**
 * @param {string} file
 * @param {string} to
 */
async function copyDecompressed(file, to) {
  await copyFile(file, to);
  if (file.endsWith(".xz")) {
    await rename(to, `${to}.xz`);
    await run("xz", ["-d", `${to}.xz`]);
  } else if (file.endsWith(".zst")) {
    await rename(to, `${to}.zst`);
    await run("zstd", ["-q", "-d", "--rm", `${to}.zst`]);
  }
}
