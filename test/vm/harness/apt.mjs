// Downloads packages of another Debian suite with the machine's own apt sources, keyring and proxy settings,
// but with private lists and state: nothing of the machine's apt is changed.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { exists } from "./cache.mjs";
import { run } from "./command.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * @param {string} codename the machine's own release, to tell Debian's archive from others
 * @param {string} [etc]
 * @returns {Promise<string | null>} the URI of Debian's archive in the machine's apt sources
 */
export async function archiveUri(codename, etc = "/etc/apt") {
  const parts = join(etc, "sources.list.d");
  const names = (await readdir(parts).catch(() => /** @type {string[]} */ ([]))).toSorted();
  for (const file of [join(etc, "sources.list"), ...names.map((name) => join(parts, name))]) {
    if (!/\.(list|sources)$/.test(file)) continue;
    const text = await readFile(file, "utf8").catch(() => "");
    for (const { uri, suites } of file.endsWith(".list") ? parseOneLine(text) : parseDeb822(text)) {
      if (suites.some((suite) => suite === codename || /^(stable|testing|unstable|sid)$/.test(suite)))
        return uri;
    }
  }
  return null;
}

/**
 * The one-line format of sources.list(5).
 * @param {string} text
 * @returns {{ uri: string, suites: string[] }[]}
 */
function parseOneLine(text) {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/gm)].map(
    ([, uri = "", suite = ""]) => ({
      uri,
      suites: [suite],
    }),
  );
}

/**
 * The deb822 format of sources.list(5).
 * @param {string} text
 * @returns {{ uri: string, suites: string[] }[]}
 */
function parseDeb822(text) {
  return text
    .replaceAll(/^#.*\n/gm, "")
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      /** @param {string} name */
      const words = (name) =>
        new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "im").exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      const uri = words("URIs")[0];
      if (!uri || !words("Types").includes("deb") || words("Enabled")[0] === "no") return [];
      return [{ uri, suites: words("Suites") }];
    });
}

/** apt with its own view of one suite. */
export class PrivateApt {
  /**
   * @param {string} folder
   * @param {string[]} options
   */
  constructor(folder, options) {
    this.folder = folder;
    this.options = options;
  }

  /**
   * @param {string} folder for lists, state and downloads; made if absent
   * @param {string} uri
   * @param {string} suite
   * @returns {Promise<PrivateApt>} with the suite's package lists fetched and their signature verified
   */
  static async open(folder, uri, suite) {
    for (const name of ["lists/partial", "archives/partial"]) {
      await mkdir(join(folder, name), { recursive: true });
    }
    const signedBy = (await exists(KEYRING)) ? ` signed-by=${KEYRING}` : "";
    await writeFile(join(folder, "sources.list"), `deb [arch=amd64${signedBy}] ${uri} ${suite} main\n`);
    await writeFile(join(folder, "status"), "");
    const settings = {
      "Dir::Etc::sourcelist": join(folder, "sources.list"),
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::Etc::preferences": "/dev/null",
      "Dir::Etc::preferencesparts": "/dev/null",
      "Dir::State": folder,
      "Dir::State::lists": join(folder, "lists"),
      "Dir::State::status": join(folder, "status"),
      "Dir::Cache": folder,
      "APT::Architecture": "amd64",
      // The user _apt may not enter this folder.
      "APT::Sandbox::User": "root",
      // Without this, apt-get update succeeds when a list could not be fetched.
      "APT::Update::Error-Mode": "any",
      // An old suite is no longer signed anew, and a snapshot never is.
      "Acquire::Check-Valid-Until": "false",
      "Acquire::Languages": "none",
      "Acquire::Retries": "2",
      "Acquire::http::Timeout": "20",
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const apt = new PrivateApt(folder, options);
    await run("apt-get", [...options, "-q", "update"]);
    return apt;
  }

  /**
   * @param {string} name
   * @returns {Promise<{ version: string, depends: string[] }>} the newest version, and the packages it depends on
   */
  async show(name) {
    const text = await run("apt-cache", [...this.options, "show", "--no-all-versions", name]);
    /** @param {string} field */
    const value = (field) => new RegExp(`^${field}: (.*)$`, "m").exec(text)?.[1] ?? "";
    const depends = value("Depends")
      .split(/[,|]/)
      .map((one) => one.trim().split(/[ :(]/)[0] ?? "")
      .filter(Boolean);
    return { version: value("Version"), depends };
  }

  /**
   * @param {readonly string[]} names
   * @returns {Promise<string[]>} the .deb files
   */
  async download(names) {
    const folder = join(this.folder, "debs");
    await mkdir(folder, { recursive: true });
    await run("apt-get", [...this.options, "-q", "download", ...names], { cwd: folder });
    return (await readdir(folder)).filter((name) => name.endsWith(".deb")).map((name) => join(folder, name));
  }
}
