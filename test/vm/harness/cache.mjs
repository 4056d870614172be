// Where kernels and initramfs images are kept between runs, and how they get there whole:
// built aside under a lock, then renamed into place.
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const REPO_ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A lock older than this is taken over even if its owner's pid is in use, for pids are used again. */
const LOCK_MAX_AGE_MS = 15 * 60_000;

/** @returns {string} the folder of everything cached here: `$SKBTRACER_CACHE/vm`, or `.cache/vm` in the repository */
export function cacheFolder() {
  return join(resolve(process.env["SKBTRACER_CACHE"] || join(REPO_ROOT, ".cache")), "vm");
}

/**
 * @param {string} path
 * @returns {Promise<boolean>}
 */
export async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Returns `path`, building it first if it is not there. `build` gets another path in the same folder to make, file or
 * folder; it is renamed to `path` only when whole, so an interrupted run leaves nothing that looks finished.
 * @param {string} path
 * @param {(unfinished: string) => Promise<void>} build
 * @returns {Promise<string>}
 */
export async function buildOnce(path, build) {
  if (await exists(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const release = await lock(`${path}.lock`);
  try {
    if (await exists(path)) return path;
    const unfinished = `${path}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    try {
      await build(unfinished);
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw error;
    }
    return path;
  } finally {
    await release();
  }
}

/**
 * Waits for and takes a lock: a folder that holds its owner's pid.
 * @param {string} folder
 * @returns {Promise<() => Promise<void>>} gives the lock back
 */
async function lock(folder) {
  for (;;) {
    try {
      await mkdir(folder);
      await writeFile(join(folder, "pid"), String(process.pid));
      return () => rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true });
    else await sleep(200);
  }
}

/**
 * @param {string} folder
 * @returns {Promise<boolean>}
 */
async function isAbandoned(folder) {
  const made = await stat(folder).catch(() => null);
  if (!made) return false;
  const age = Date.now() - made.mtimeMs;
  if (age > LOCK_MAX_AGE_MS) return true;
  const pid = Number(await readFile(join(folder, "pid"), "utf8").catch(() => ""));
  // Its owner has made the folder and not yet written the file, or died in between.
  if (!pid) return age > 5_000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}
