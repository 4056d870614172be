// The functions at which skbs begin, are made from others, and end (bpf/lives.bpf.h): part of the probe table.
import type { FunctionProbe } from "./probe-table.js";

/** Kernels differ in which of these they have as functions of their own: each lacks some. */
export const LIFE_PROBES: readonly FunctionProbe[] = [
  { name: "skb_clone", role: "clone" },
  { name: "skb_copy", role: "copy" },
  { name: "__pskb_copy_fclone", role: "copy" },
  { name: "skb_copy_expand", role: "copy" },
  { name: "skb_segment", role: "segment" },
  { name: "ip_frag_next", role: "fragment" },
  { name: "ip6_frag_next", role: "fragment" },
  { name: "pskb_expand_head", role: "head" },
  // No one function sees every end: each of these does for some packets, and the first one to run reports it.
  { name: "kfree_skbmem", role: "free" },
  { name: "napi_skb_cache_put", role: "free" },
  { name: "kfree_skb_partial", role: "free_partial" },
  { name: "napi_skb_free_stolen_head", role: "free_stolen" },
  { name: "skb_try_coalesce", role: "merge" },
  { name: "skb_gro_receive", role: "merge" },
  // An address that is given out has no packet: what was known of it is forgotten, even if its end was missed.
  { name: "__alloc_skb", role: "alloc" },
  { name: "__netdev_alloc_skb", role: "alloc" },
  { name: "__napi_alloc_skb", role: "alloc", also: ["napi_alloc_skb"] },
  { name: "__build_skb", role: "alloc" },
  { name: "build_skb_around", role: "alloc" },
  { name: "napi_build_skb", role: "alloc" },
  { name: "slab_build_skb", role: "alloc" },
];
