// Makes one folder like another, and leaves alone what is of its own.
import { cp, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

/**
 * Copies what differs and removes what is gone.
 * @param {string} from
 * @param {string} to
 * @param {(name: string) => boolean} isOwn names, at any depth, that are neither copied nor removed
 */
export async function mirrorFolder(from, to, isOwn) {
  const options = {
    recursive: true,
    preserveTimestamps: true,
    filter: (/** @type {string} */ path) => !isOwn(basename(path)),
  };
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (!isOwn(entry.name)) await cp(join(from, entry.name), join(to, entry.name), options);
  await removeGone(from, to, isOwn);
}

/**
 * @param {string} from
 * @param {string} to
 * @param {(name: string) => boolean} isOwn
 */
async function removeGone(from, to, isOwn) {
  const there = new Set(await readdir(from));
  for (const entry of await readdir(to, { withFileTypes: true })) {
    if (isOwn(entry.name)) continue;
    const path = join(to, entry.name);
    if (!there.has(entry.name)) await rm(path, { recursive: true });
    else if (entry.isDirectory()) await removeGone(join(from, entry.name), path, isOwn);
  }
}
