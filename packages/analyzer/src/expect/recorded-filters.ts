// Which packets a recording was made of: others are not in it, and that they are not seen says nothing.
import { addressText, parseAddress } from "../dissect/addresses.js";
import { isVariable, type Where } from "./expectation.js";

/** A filter that a recording was made with. */
export interface RecordedFilter {
  /** As an option of `record`: `--port 80`. */
  readonly text: string;
  /** It looks at where an event happened, not at the packet: of one packet some events pass. */
  readonly isOfPlace: boolean;
  /** Whether all packets that are asked for pass it. */
  covers(where: Where | undefined): boolean;
}

interface FilterOption {
  readonly name: string;
  readonly isOfPlace: boolean;
  covers(value: string, where: Where): boolean;
}

const never = (): boolean => false;

/** The filters of `record`; see packages/cli/src/options/read-options.ts. */
const OPTIONS: readonly FilterOption[] = [
  {
    name: "--ipaddr",
    isOfPlace: false,
    covers: (value, { source, destination, address }) => {
      const parsed = parseAddress(value);
      const only = parsed && addressText(parsed);
      return [source, destination, address].some(
        (wanted) => wanted !== undefined && !isVariable(wanted) && wanted.every((one) => one.text === only),
      );
    },
  },
  {
    name: "--port",
    isOfPlace: false,
    covers: (value, { source_port, destination_port, port }) =>
      [source_port, destination_port, port].some(
        (wanted) =>
          wanted !== undefined &&
          !isVariable(wanted) &&
          wanted.every(({ from, to }) => from === Number(value) && to === from),
      ),
  },
  {
    name: "--proto",
    isOfPlace: false,
    covers: (value, { protocol }) =>
      value === "any" ||
      (protocol?.every((one) => {
        const name = one.toLowerCase();
        return name === value || (value === "icmp" && name === "icmpv6");
      }) ??
        false),
  },
  { name: "--icmpid", isOfPlace: false, covers: never },
  { name: "--pid", isOfPlace: true, covers: never },
  { name: "--netns", isOfPlace: true, covers: never },
  { name: "--slice", isOfPlace: true, covers: never },
  { name: "--expression", isOfPlace: false, covers: never },
];

/** The filters of a recording. @param text `meta.filter`; empty: it was made without */
export function recordedFilters(text: string): RecordedFilter[] {
  const [, options = "", expression] = /^(.*?)(?:(?:^| )--expression (.*))?$/s.exec(text) ?? [];
  const words = [...options.split(" "), ...(expression === undefined ? [] : ["--expression", expression])];
  return words.flatMap((word, i) => {
    const option = OPTIONS.find(({ name }) => name === word);
    const value = words[i + 1];
    if (!option || value === undefined) return [];
    return [
      {
        text: `${word} ${value}`,
        isOfPlace: option.isOfPlace,
        covers: (where: Where | undefined) => option.covers(value, where ?? {}),
      },
    ];
  });
}
