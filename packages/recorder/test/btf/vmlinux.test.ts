// The BTF reader, on the running kernel's: every type as bpftool reads it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Btf, BtfKind } from "../../src/btf/btf.js";

const VMLINUX = "/sys/kernel/btf/vmlinux";
const hasBtf = existsSync(VMLINUX);
const hasBpftool = spawnSync("bpftool", ["version"]).status === 0;

interface DumpedType {
  readonly id: number;
  readonly kind: keyof typeof BtfKind;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly members?: readonly {
    name: string;
    type_id: number;
    bits_offset: number;
    bitfield_size?: number;
  }[];
  /** As digits: JSON.parse would round what does not fit a number. */
  readonly values?: readonly { name: string; val: string }[];
  readonly params?: readonly { name: string; type_id: number }[];
}

/** bpftool's word for an empty name. */
const named = (name: string): string => (name === "(anon)" ? "" : name);

function dump(file: string): DumpedType[] {
  const { stdout } = spawnSync("bpftool", ["-j", "btf", "dump", "file", file], {
    encoding: "latin1",
    maxBuffer: 1 << 28,
  });
  const exact = stdout.replaceAll(/"val":(-?\d+)/g, '"val":"$1"');
  return (JSON.parse(exact) as { types: DumpedType[] }).types;
}

describe.skipIf(!hasBtf)("the BTF of this kernel (skipped where it has none)", () => {
  const btf = new Btf(readFileSync(VMLINUX));

  test.skipIf(!hasBpftool)("is what bpftool says it is, type by type (skipped without bpftool)", () => {
    const types = dump(VMLINUX);
    expect(btf.typeCount).toBe(types.length + 1);
    const differences: unknown[] = [];
    const compare = (ours: unknown, theirs: unknown): void => {
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) differences.push({ ours, theirs });
    };
    for (const { id, kind, name, members, values, size, type_id: typeId } of types) {
      compare([id, btf.kindOf(id), btf.nameOf(id)], [id, BtfKind[kind], named(name)]);
      const of = size ?? typeId;
      if (of !== undefined && kind !== "ARRAY") compare(btf.sizeOrType(id), of);
      if (members)
        compare(
          btf.members(id),
          members.map((member) => ({
            name: named(member.name),
            typeId: member.type_id,
            bitOffset: member.bits_offset,
            bitSize: member.bitfield_size ?? 0,
          })),
        );
      // bpftool extends the sign of 32-bit values even where they have none: compare what is stored.
      const bits = (value: string | number | bigint): string =>
        BigInt.asUintN((size ?? 4) * 8, BigInt(value)).toString();
      if (values)
        compare(
          btf.enumerators(id).map((value) => [value.name, bits(value.value)]),
          values.map((value) => [value.name, bits(value.val)]),
        );
    }
    expect(differences.slice(0, 3)).toEqual([]);

    const sample = types
      .filter(({ kind, name }) => kind === "STRUCT" && name !== "(anon)")
      .filter((_, i) => i % 50 === 0);
    const first = new Map(types.toReversed().map(({ kind, name, id }) => [`${kind} ${name}`, id]));
    for (const { name } of sample)
      expect(btf.find(BtfKind.STRUCT, name), name).toBe(first.get(`STRUCT ${name}`));
    expect(Array.from(btf.functions()).length).toBe(types.filter(({ kind }) => kind === "FUNC").length);
    expect(Array.from(btf.enums()).length).toBe(types.filter(({ kind }) => kind.startsWith("ENUM")).length);
  });

  test("has the functions and tracepoints that packets pass, with the skb where the source has it", () => {
    expect(btf.functionParameters("kfree_skbmem")).toEqual([{ name: "skb", typeName: "struct sk_buff *" }]);
    const output = btf.functionParameters("ip_output")?.map(({ typeName }) => typeName);
    expect(output).toEqual(["struct net *", "struct sock *", "struct sk_buff *"]);
    const dropped = btf.typedefParameters("btf_trace_kfree_skb")?.map(({ typeName }) => typeName);
    expect(dropped?.slice(0, 3)).toEqual(["void *", "struct sk_buff *", "void *"]);
    expect(btf.functionParameters("no_such_function")).toBeUndefined();
    expect(btf.typedefParameters("u32")).toBeUndefined();
  });

  test("has hundreds of functions that take an skb", () => {
    const takers = Array.from(btf.functions()).filter(({ parameters }) =>
      parameters.some(({ typeName }) => typeName === "struct sk_buff *"),
    );
    expect(takers.length).toBeGreaterThan(500);
    expect(takers.map(({ name }) => name)).toContain("ip_rcv");
  });
});
