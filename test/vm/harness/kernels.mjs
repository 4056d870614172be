// The Debian kernels that the tests run on, and how one is fetched: downloaded, unpacked and cached, never installed.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { archiveUri, PrivateApt } from "./apt.mjs";
import { buildOnce, cacheFolder, exists } from "./cache.mjs";
import { CommandFailed, run } from "./command.mjs";

/**
 * @typedef {object} KernelRow
 * @property {string} suite the Debian suite that carries it
 * @property {string} line the kernel line, or `newest`
 * @property {boolean} isOutermost the oldest or newest: what depends little on the kernel is tested on these only, as a
 *   start of a recorder takes ten seconds under emulation
 */

/**
 * @typedef {object} Kernel
 * @property {string} suite
 * @property {string} release as `uname -r` prints it
 * @property {string} packageVersion version of the Debian package
 * @property {string} image path of the decompressed kernel, an ELF file that qemu starts through its PVH entry
 * @property {string} modulesRoot a folder that holds lib/modules/<release>, with modules.dep: for `modprobe -d`
 */

/** @type {readonly KernelRow[]} */
export const KERNELS = Object.freeze([
  { suite: "bullseye", line: "5.10", isOutermost: true },
  { suite: "bookworm", line: "6.1", isOutermost: false },
  { suite: "trixie", line: "6.12", isOutermost: false },
  { suite: "sid", line: "newest", isOutermost: true },
]);

/** The suite's kernel cannot be had here: no network, no such suite in the archive, no apt. */
export class KernelUnavailable extends Error {
  /**
   * @param {string} suite
   * @param {string} reason
   */
  constructor(suite, reason) {
    super(`no kernel of Debian ${suite}: ${reason}`);
    this.name = "KernelUnavailable";
    this.suite = suite;
    this.reason = reason;
  }
}

/** @returns {Promise<string>} the suite of this machine's own Debian release, "" if it is another system */
export async function ownSuite() {
  const version = await readFile("/etc/debian_version", "utf8").catch(() => "");
  if (version.trim().endsWith("/sid")) return "sid";
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1] ?? "";
}

/**
 * The table with the machine's own suite marked: its kernel can always be downloaded, so it may never be skipped.
 * @returns {Promise<(KernelRow & { own: boolean })[]>}
 */
export async function kernelsHere() {
  const own = await ownSuite();
  return KERNELS.map((row) => ({ ...row, own: row.suite === own }));
}

/**
 * Fetches the suite's newest generic amd64 kernel, once: it stays in the cache until the cache is removed.
 * @param {string} suite
 * @returns {Promise<Kernel>}
 * @throws {KernelUnavailable}
 */
export async function prepareKernel(suite) {
  const folder = join(cacheFolder(), suite, "kernel");
  try {
    await buildOnce(folder, (unfinished) => fetchKernel(suite, unfinished));
  } catch (error) {
    if (!(error instanceof CommandFailed && error.program.startsWith("apt-"))) throw error;
    const errors = error.reason.split("\n").filter((one) => one.startsWith("E: "));
    throw new KernelUnavailable(suite, `${error.program}: ${errors.join("; ") || error.reason}`);
  }
  const { release, packageVersion } = JSON.parse(await readFile(join(folder, "kernel.json"), "utf8"));
  return { suite, release, packageVersion, image: join(folder, "vmlinux"), modulesRoot: folder };
}

/**
 * prepareKernel, or why the kernel cannot be had. The own suite's always can.
 * @param {KernelRow & { own: boolean }} row
 * @returns {Promise<Kernel | string>}
 */
export async function kernelOrReason({ suite, own }) {
  try {
    return await prepareKernel(suite);
  } catch (error) {
    if (error instanceof KernelUnavailable && !own) return error.message;
    throw error;
  }
}

/**
 * prepareKernel for a test, which is skipped with the reason if the kernel cannot be had.
 * @param {KernelRow & { own: boolean }} row
 * @param {{ skip: (reason: string) => never }} context vitest's test context
 * @returns {Promise<Kernel>}
 */
export async function kernelOrSkip(row, context) {
  const kernel = await kernelOrReason(row);
  return typeof kernel === "string" ? context.skip(kernel) : kernel;
}

/**
 * @param {string} suite
 * @param {string} folder
 */
async function fetchKernel(suite, folder) {
  const own = await ownSuite();
  const uri = await archiveUri(own);
  if (!uri)
    throw new KernelUnavailable(suite, `no Debian archive in the apt sources of this machine (${own})`);
  const work = join(folder, "apt");
  await mkdir(work, { recursive: true });
  const apt = await PrivateApt.open(work, uri, suite);

  const { packages, release, version } = await kernelPackages(apt, suite);
  const root = join(work, "root");
  for (const deb of await apt.download(packages)) await run("dpkg-deb", ["-x", deb, root]);

  // Newer suites have moved /lib into /usr/lib, and the image from /boot to the modules.
  const modules = (await exists(join(root, "lib/modules"))) ? "lib/modules" : "usr/lib/modules";
  const boot = join(root, "boot", `vmlinuz-${release}`);
  const image = (await exists(boot)) ? boot : join(root, modules, release, "vmlinuz");
  await decompressImage(image, join(folder, "vmlinux"));
  await mkdir(join(folder, "lib"));
  await rename(join(root, modules), join(folder, "lib/modules"));
  await run("depmod", ["-b", folder, release]);
  await rm(work, { recursive: true });
  const about = { suite, release, packageVersion: version };
  await writeFile(join(folder, "kernel.json"), `${JSON.stringify(about)}\n`);
}

/**
 * Takes the kernel out of a bzImage, for decompressing itself takes it 3 s (xz) under emulation. It then also runs at
 * its linked address, without KASLR. Layout: https://docs.kernel.org/arch/x86/boot.html
 * @param {string} bzImage
 * @param {string} to
 */
async function decompressImage(bzImage, to) {
  const bytes = await readFile(bzImage);
  const setupSectors = bytes.readUInt8(0x1f1) || 4;
  const payload = (setupSectors + 1) * 512 + bytes.readUInt32LE(0x248);
  // Its last 4 bytes are the size of the result.
  const packed = bytes.subarray(payload, payload + bytes.readUInt32LE(0x24c) - 4);
  const magic = packed.readUInt32BE(0);
  const program = { 0xfd377a58: "xz", 0x28b52ffd: "zstd" }[magic];
  if (!program)
    throw new Error(`${bzImage}: payload is neither xz nor zstd but begins with 0x${magic.toString(16)}`);
  await writeFile(`${to}.packed`, packed);
  await run("sh", ["-c", '"$1" -dc < "$2" > "$3"', "sh", program, `${to}.packed`, to]);
  await rm(`${to}.packed`);
}

/**
 * The packages that hold the image and the modules: one, or (from 7.x) several that the image's package depends on.
 * @param {PrivateApt} apt
 * @param {string} suite
 */
async function kernelPackages(apt, suite) {
  const meta = await apt.show("linux-image-amd64");
  const image = meta.depends.find((name) => /^linux-image-\d/.test(name));
  if (!image)
    throw new KernelUnavailable(suite, `linux-image-amd64 depends on no image: ${meta.depends.join(", ")}`);
  const release = image.slice("linux-image-".length);
  const { version, depends } = await apt.show(image);
  const parts = depends.filter(
    (name) => /^linux-(base|binary|modules)-/.test(name) && name.endsWith(release),
  );
  return { packages: [image, ...parts], release, version };
}
