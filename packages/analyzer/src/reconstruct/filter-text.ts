// What a recording was made of, as options of `record`: of other packets it says nothing.
import type { Environment } from "@skbtracer/format";
import { ipProtocolName } from "../dissect/ip-protocol-names.js";
import { ipText } from "../dissect/addresses.js";

/** 1 stands for ICMP and ICMPv6: KernelFilter of the recorder. */
const NAMES: Readonly<Record<number, string>> = { 1: "icmp" };

/** What a slice says of itself (packages/cli/src/commands/slice.ts), by the options of `record` that mean the same. */
const SLICE_FACTS: Readonly<Record<string, string>> = {
  address: "--ipaddr",
  port: "--port",
  protocol: "--proto",
  icmpId: "--icmpid",
};
const SLICE_OF_ALL = "all";
const WHOLE_PATHS = "families of paths";

/**
 * `--ipaddr 10.0.0.1 --port 80`, with a filter expression at its end, which may have spaces; null if all packets were wanted.
 * What a slice chose in another way than `record` can is `--slice`, with a word that is not empty.
 */
export function filterText(environment: Environment | undefined): string | null {
  const { options, origins = [] } = environment ?? {};
  const slices = origins.filter(({ command }) => command === "slice").flatMap(({ facts }) => ofSlice(facts));
  const all = [...slices, ...ofOptions(options)].join(" ");
  return all === "" ? null : all;
}

function ofSlice(facts: readonly string[]): string[] {
  const [kind, ...chosen] = facts;
  if (kind === WHOLE_PATHS && chosen.length === 1 && chosen[0] === SLICE_OF_ALL) return [];
  const texts = chosen.map((fact) => {
    const [, name = "", value = ""] = /^(\w+) (\S+)$/.exec(fact) ?? [];
    return SLICE_FACTS[name] ? `${SLICE_FACTS[name]} ${value}` : `--slice ${fact.replaceAll(/\s+/g, "_")}`;
  });
  // Of paths that were cut there is more that was left out.
  return kind === WHOLE_PATHS && texts.length > 0 ? texts : [...texts, "--slice parts"];
}

function ofOptions(options: Environment["options"] | undefined): string[] {
  const filter = options?.["filter"];
  if (typeof filter !== "object" || filter === null) return [];
  const parts: Readonly<Record<string, unknown>> = { ...filter };
  const number = (name: string): number => (typeof parts[name] === "number" ? parts[name] : 0);
  const texts: string[] = [];
  const { address, expression } = parts;
  const size = { 4: 4, 6: 16 }[number("family")];
  if (size !== undefined && typeof address === "string")
    texts.push(`--ipaddr ${ipText(Uint8Array.from(Buffer.from(address, "hex").subarray(0, size)))}`);
  if (number("port") > 0) texts.push(`--port ${number("port")}`);
  const protocol = number("protocol");
  if (protocol > 0) texts.push(`--proto ${NAMES[protocol] ?? ipProtocolName(protocol).toLowerCase()}`);
  if (typeof parts["icmpId"] === "number" && parts["icmpId"] >= 0) texts.push(`--icmpid ${parts["icmpId"]}`);
  if (number("pid") > 0) texts.push(`--pid ${number("pid")}`);
  if (number("netns") > 0) texts.push(`--netns ${number("netns")}`);
  if (options?.["keep"] === true) texts.push("--keep");
  if (typeof expression === "string") texts.push(`--expression ${expression}`);
  return texts;
}
