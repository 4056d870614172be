// The kernel's BTF together with its modules', from a folder like /sys/kernel/btf.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KernelBtf } from "../../src/btf/kernel-btf.js";
import { RecorderError } from "../../src/errors.js";
import { dropReasons } from "../../src/host/drop-reasons.js";
import { BtfBytes, oneOfEachKind } from "./btf-bytes.js";

let folder: string;
let bare: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbtracer-btf-"));
  bare = mkdtempSync(join(tmpdir(), "skbtracer-btf-"));
  const base = oneOfEachKind();
  base.enum("skb_drop_reason", {
    SKB_NOT_DROPPED_YET: 0,
    SKB_DROP_REASON_NO_SOCKET: 3,
    SKB_DROP_REASON_MAX: 4,
    SKB_DROP_REASON_SUBSYS_MASK: 0xffff0000,
  });
  base.enum("skb_drop_reason_subsys", {
    SKB_DROP_REASON_SUBSYS_CORE: 0,
    SKB_DROP_REASON_SUBSYS_MAC80211_UNUSABLE: 1,
    SKB_DROP_REASON_SUBSYS_OPENVSWITCH: 2,
    SKB_DROP_REASON_SUBSYS_NUM: 3,
  });
  // Looks like a reason of subsystem 1, but is not called one.
  base.enum("some_flags", { FLAG: 0x10000 });
  const openvswitch = new BtfBytes(base);
  openvswitch.enum("ovs_drop_reason", {
    __OVS_DROP_REASON: 0x20000,
    OVS_DROP_LAST_ACTION: 0x20001,
    OVS_DROP_MAX: 0x20002,
  });
  // As net/mac80211/drop.h has them.
  const mac80211 = new BtfBytes(base);
  mac80211.enum("___mac80211_drop_reason", { ___RX_DROP_UNUSABLE: 0x10000, ___RX_DROP_U_REPLAY: 0x10001 });
  mac80211.enum("mac80211_drop_reason", {
    RX_CONTINUE: 1,
    RX_DROP_U_REPLAY: 0x10001,
    RX_DROP_U_DUP: 0x10002,
  });
  const xTables = new BtfBytes(base);
  const table = xTables.struct("xt_table", 64, []);
  const tablePointer = xTables.pointer(table);
  xTables.function("ipt_do_table", [
    ["priv", tablePointer],
    ["skb", 3],
  ]);
  writeFileSync(join(folder, "vmlinux"), base.bytes());
  writeFileSync(join(folder, "openvswitch"), openvswitch.bytes());
  writeFileSync(join(folder, "mac80211"), mac80211.bytes());
  writeFileSync(join(folder, "x_tables"), xTables.bytes());
  writeFileSync(join(folder, "broken"), "no BTF");
  writeFileSync(join(bare, "vmlinux"), base.bytes());
});

afterAll(() => {
  for (const made of [folder, bare]) rmSync(made, { recursive: true });
});

test("functions are looked for where they are said to be", () => {
  const btf = KernelBtf.read(folder);
  expect(btf.findFunction("takes_skb")?.source).toBe("vmlinux");
  expect(btf.findFunction("ipt_do_table", "x_tables")).toEqual({
    source: "x_tables",
    parameters: [
      { name: "priv", typeName: "struct xt_table *" },
      { name: "skb", typeName: "struct sk_buff *" },
    ],
  });
  expect(btf.findFunction("ipt_do_table")).toBeUndefined();
  expect(btf.findFunction("takes_skb", "x_tables")).toBeUndefined();
});

test("structs are found in vmlinux or in modules, with where", () => {
  const btf = KernelBtf.read(folder);
  expect(btf.findStruct("sk_buff")?.source).toBe("vmlinux");
  expect(btf.findStruct("xt_table")).toMatchObject({ source: "x_tables", size: 64 });
  expect(btf.hasStruct("xt_table", ["openvswitch"])).toBe(false);
  expect(btf.hasStruct("nft_chain")).toBe(false);
});

test("a module whose BTF is absent or damaged is one without BTF", () => {
  const btf = KernelBtf.read(folder);
  expect(btf.module("broken")).toBeUndefined();
  expect(btf.module("../vmlinux")).toBeUndefined();
  const old = KernelBtf.read(bare);
  expect(old.modules).toEqual([]);
  expect(old.findFunction("ipt_do_table", "x_tables")).toBeUndefined();
  expect(old.hasStruct("xt_table")).toBe(false);
});

test("a kernel without BTF is an error that says what to do", () => {
  expect(() => KernelBtf.read(join(folder, "nowhere"))).toThrow(RecorderError);
  expect(() => KernelBtf.read(join(folder, "nowhere"))).toThrow("CONFIG_DEBUG_INFO_BTF");
});

test("drop reasons come from the core's enum and from subsystems', which may be in modules", () => {
  const reasons = dropReasons(KernelBtf.read(folder));
  expect(reasons.core).toEqual([
    { name: "SKB_NOT_DROPPED_YET", value: 0 },
    { name: "NO_SOCKET", value: 3 },
  ]);
  expect(reasons.subsystems.map(({ name, value }) => [name, value])).toEqual([
    ["MAC80211_UNUSABLE", 1],
    ["OPENVSWITCH", 2],
  ]);
  expect(reasons.subsystems[0]?.reasons).toEqual([
    { name: "RX_DROP_UNUSABLE", value: 0x10000 },
    { name: "RX_DROP_U_REPLAY", value: 0x10001 },
    { name: "RX_DROP_U_DUP", value: 0x10002 },
  ]);
  expect(reasons.subsystems[1]?.reasons).toEqual([{ name: "OVS_DROP_LAST_ACTION", value: 0x20001 }]);
});

test.skipIf(!KernelBtf.available)("this kernel's drop reasons are numbered as it numbers them", () => {
  const { core } = dropReasons(KernelBtf.read());
  // None before 5.17; NOT_SPECIFIED has been the first reason to drop since.
  if (core.length === 0) return;
  const numbers = core.map(({ value }) => value);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(core.map(({ name }) => name)).toContain("NO_SOCKET");
  expect(core.some(({ name }) => name.startsWith("SKB_DROP_REASON"))).toBe(false);
});
