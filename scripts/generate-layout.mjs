// npm run generate: the offsets that readers and the recorder use, from the BTF of the compiled BPF object.
// With --check nothing is written: it fails if the files are not what the object says.
import { readFile } from "node:fs/promises";

import { Btf, BtfKind } from "../packages/recorder/dist/btf/btf.js";
import { elfSection } from "../packages/recorder/dist/btf/elf-section.js";
import { writeGenerated } from "./generated-file.mjs";

const OBJECT = new URL("../bpf/build/skbtracer.bpf.o", import.meta.url);
const EVENT_FILE = new URL("../packages/format/src/event-layout.generated.ts", import.meta.url);
const PROGRAM_FILE = new URL("../packages/recorder/src/bpf/layout.generated.ts", import.meta.url);

const HEADING =
  "// Generated from the BTF of the compiled BPF object by scripts/generate-layout.mjs. Do not edit: `npm run generate`.\n";

/**
 * @param {Btf} btf
 * @param {string} name
 * @returns {{ size: number, fields: object[] }}
 */
function layoutOf(btf, name) {
  const struct = btf.struct(name);
  if (!struct) return { size: 0, fields: [] };
  const fields = struct.members.map((member) => {
    const id = btf.strip(member.typeId);
    const offset = member.bitOffset / 8;
    if (btf.kindOf(id) === BtfKind.ARRAY)
      return { name: member.name, offset, size: btf.array(id).count, type: "text" };
    const size = btf.sizeOrType(id);
    return { name: member.name, offset, size, type: `${btf.isSigned(id) ? "s" : "u"}${size * 8}` };
  });
  return { size: struct.size, fields };
}

/**
 * @param {Btf} btf
 * @param {string} name
 * @param {string} prefix of all its values
 * @returns {[name: string, value: number][]}
 */
function valuesOf(btf, name, prefix) {
  const values = btf.enum(name);
  if (!values) throw new Error(`the object has no enum ${name}: run \`npm run build\``);
  return values.map((entry) => [entry.name.slice(prefix.length), Number(entry.value)]);
}

/** @param {unknown} value */
const text = (value) => JSON.stringify(value, undefined, 2);

/**
 * @param {Btf} btf
 * @returns {[file: URL, text: string][]}
 */
function generate(btf) {
  const kinds = valuesOf(btf, "skbt_kind", "SKBT_");
  const layout = {
    head: layoutOf(btf, "skbt_event"),
    kinds: kinds.map(([name, kind]) => ({
      kind,
      name: name.toLowerCase(),
      tail: layoutOf(btf, `skbt_${name.toLowerCase()}`),
    })),
  };
  const events =
    `${HEADING}import type { EventLayout } from "./event-layout.js";\n\n` +
    `/** What this version records. */\nexport const EVENT_LAYOUT: EventLayout = ${text(layout)};\n\n` +
    `/** \`kind\` of an event. */\nexport const EventKind = ${text(Object.fromEntries(kinds))} as const;\n\n` +
    "/** Bits of `flags` of an event. */\n" +
    `export const EventFlag = ${text(Object.fromEntries(valuesOf(btf, "skbt_flag", "SKBT_F_")))} as const;\n\n` +
    "/** `how` of a clone. */\n" +
    `export const CloneHow = ${text(Object.fromEntries(valuesOf(btf, "skbt_how", "SKBT_HOW_")))} as const;\n`;
  const program =
    `${HEADING}import type { Struct } from "@skbtracer/format";\n\n` +
    `/** struct skbt_config, bpf/config.bpf.h. */\nexport const CONFIG_LAYOUT: Struct = ${text(layoutOf(btf, "skbt_config"))};\n\n` +
    `/** struct skbt_counters, bpf/event.h. */\nexport const COUNTERS_LAYOUT: Struct = ${text(layoutOf(btf, "skbt_counters"))};\n`;
  return [
    [EVENT_FILE, events],
    [PROGRAM_FILE, program],
  ];
}

const section = elfSection(await readFile(OBJECT), ".BTF");
if (!section) throw new Error(`${OBJECT.pathname} has no BTF: run \`npm run build\``);
for (const [file, wanted] of generate(new Btf(section)))
  await writeGenerated(file, wanted, "what bpf/event.h says");
