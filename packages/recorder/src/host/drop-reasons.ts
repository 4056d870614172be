// The kernel's names for why it drops packets: enum skb_drop_reason and, for subsystems that have their own, the enums
// that SKB_DROP_REASON_SUBSYS_* announce (include/net/dropreason.h). Names are given without what all of them begin with.
import type { DropReasons, NamedValue } from "@skbtracer/format";
import type { Btf, BtfEnumerator } from "../btf/btf.js";
import type { KernelBtf } from "../btf/kernel-btf.js";

const PREFIX = "SKB_DROP_REASON_";
/** Values of the enums that are not reasons. */
const MARKERS = new Set(["MAX", "SUBSYS_MASK", "SUBSYS_SHIFT", "SUBSYS_NUM"]);
/**
 * Names of a subsystem's first and last values, which are no reasons. Those of mac80211 begin with three underscores in
 * one of its two enums (net/mac80211/drop.h), and are reasons.
 */
const BOUNDS = /^__(?!_)|_MAX$/;

/** All reasons; none on kernels without them (before 5.17). */
export function dropReasons(btf: KernelBtf): DropReasons {
  const core = enumOf(btf.vmlinux, "skb_drop_reason").filter(({ name }) => !MARKERS.has(name));
  const subsystems = enumOf(btf.vmlinux, "skb_drop_reason_subsys")
    .map(({ name, value }) => ({ name: name.replace(/^SUBSYS_/, ""), value }))
    .filter(({ name, value }) => value > 0 && name !== "NUM")
    .map((subsystem) => ({ ...subsystem, reasons: reasonsOf(subsystem.value, btf) }));
  return { core, subsystems };
}

function enumOf(btf: Btf, name: string): NamedValue[] {
  return (btf.enum(name) ?? []).map(named);
}

function named({ name, value }: BtfEnumerator): NamedValue {
  return { name: name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name, value: Number(value) };
}

/**
 * A subsystem's reasons are the values of an enum called ..._drop_reason whose upper 16 bits are its number: so of
 * mac80211, openvswitch and queueing disciplines. The enum may be in a module, and is known while that is loaded.
 */
function reasonsOf(subsystem: number, btf: KernelBtf): NamedValue[] {
  const sources = [btf.vmlinux, ...btf.modules.flatMap((name) => btf.module(name) ?? [])];
  for (const source of sources) {
    const reasons = new Map<number, NamedValue>();
    for (const id of source.enums()) {
      if (!/drop_reasons?$/.test(source.nameOf(id))) continue;
      for (const reason of source.enumerators(id).map(named))
        if (reason.value >>> 16 === subsystem && !BOUNDS.test(reason.name) && !reasons.has(reason.value))
          reasons.set(reason.value, { ...reason, name: reason.name.replace(/^___/, "") });
    }
    if (reasons.size > 0) return [...reasons.values()];
  }
  return [];
}
