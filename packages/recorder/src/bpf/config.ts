// struct skbt_config: what the program is told before it is loaded.
import type { Field } from "@skbtracer/format";
import { CONFIG_LAYOUT } from "./layout.generated.js";
import type { NftLayout } from "./nft-layout.js";

/** Members of struct skbt_config; bpf/config.bpf.h says what each means. */
export interface ProgramConfig extends NftLayout {
  readonly snaplen: number;
  readonly pid: number;
  readonly netns: number;
  readonly port: number;
  readonly icmp_id: number;
  readonly protocol: number;
  readonly family: 0 | 4 | 6;
  readonly callstack: boolean;
  readonly dropstack: boolean;
  readonly keep: boolean;
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly kfree_skb_has_reason: boolean;
  readonly ends_at_tracepoints: boolean;
  readonly ipt_skb_arg: number;
  readonly ipt_state_arg: number;
  readonly ipt_table_arg: number;
  readonly expression: boolean;
}

/** Writes a configuration into the program's memory. */
export function writeConfig(memory: ArrayBuffer, config: ProgramConfig): void {
  const view = new DataView(memory);
  for (const field of CONFIG_LAYOUT.fields) {
    if (!(field.name in config))
      throw new Error(`the program has a setting that is not known here: ${field.name}`);
    write(view, field, config[field.name as keyof ProgramConfig]);
  }
}

function write(view: DataView, field: Field, value: number | boolean | Uint8Array): void {
  if (value instanceof Uint8Array) {
    new Uint8Array(view.buffer, field.offset, field.size).set(value.subarray(0, field.size));
    return;
  }
  const number = Number(value);
  if (field.size === 1) view.setUint8(field.offset, number);
  else if (field.size === 2) view.setUint16(field.offset, number, true);
  else if (field.type === "s32") view.setInt32(field.offset, number, true);
  else view.setUint32(field.offset, number, true);
}
