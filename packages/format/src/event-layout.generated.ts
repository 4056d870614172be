// Generated from the BTF of the compiled BPF object by scripts/generate-layout.mjs. Do not edit: `npm run generate`.
import type { EventLayout } from "./event-layout.js";

/** What this version records. */
export const EVENT_LAYOUT: EventLayout = {
  "head": {
    "size": 80,
    "fields": [
      {
        "name": "time_ns",
        "offset": 0,
        "size": 8,
        "type": "u64"
      },
      {
        "name": "skb",
        "offset": 8,
        "size": 8,
        "type": "u64"
      },
      {
        "name": "head",
        "offset": 16,
        "size": 8,
        "type": "u64"
      },
      {
        "name": "address",
        "offset": 24,
        "size": 8,
        "type": "u64"
      },
      {
        "name": "pid",
        "offset": 32,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "tid",
        "offset": 36,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "netns",
        "offset": 40,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "ifindex",
        "offset": 44,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "len",
        "offset": 48,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "mark",
        "offset": 52,
        "size": 4,
        "type": "u32"
      },
      {
        "name": "stack_id",
        "offset": 56,
        "size": 4,
        "type": "s32"
      },
      {
        "name": "protocol",
        "offset": 60,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "kind",
        "offset": 62,
        "size": 1,
        "type": "u8"
      },
      {
        "name": "pkt_type",
        "offset": 63,
        "size": 1,
        "type": "u8"
      },
      {
        "name": "capture_offset",
        "offset": 64,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "capture_length",
        "offset": 66,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "mac_header",
        "offset": 68,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "network_header",
        "offset": 70,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "transport_header",
        "offset": 72,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "data_offset",
        "offset": 74,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "vlan_tci",
        "offset": 76,
        "size": 2,
        "type": "u16"
      },
      {
        "name": "flags",
        "offset": 78,
        "size": 2,
        "type": "u16"
      }
    ]
  },
  "kinds": [
    {
      "kind": 1,
      "name": "sight",
      "tail": {
        "size": 0,
        "fields": []
      }
    },
    {
      "kind": 2,
      "name": "drop",
      "tail": {
        "size": 16,
        "fields": [
          {
            "name": "location",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "reason",
            "offset": 8,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "has_reason",
            "offset": 12,
            "size": 4,
            "type": "u32"
          }
        ]
      }
    },
    {
      "kind": 3,
      "name": "traversal",
      "tail": {
        "size": 40,
        "fields": [
          {
            "name": "duration_ns",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "chain",
            "offset": 8,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "conntrack",
            "offset": 16,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "verdict",
            "offset": 24,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "in_ifindex",
            "offset": 28,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "out_ifindex",
            "offset": 32,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "pf",
            "offset": 36,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "hook",
            "offset": 37,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "engine",
            "offset": 38,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "ct_state",
            "offset": 39,
            "size": 1,
            "type": "u8"
          }
        ]
      }
    },
    {
      "kind": 4,
      "name": "clone",
      "tail": {
        "size": 16,
        "fields": [
          {
            "name": "parent",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "how",
            "offset": 8,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "reserved",
            "offset": 12,
            "size": 4,
            "type": "u32"
          }
        ]
      }
    },
    {
      "kind": 5,
      "name": "free",
      "tail": {
        "size": 0,
        "fields": []
      }
    },
    {
      "kind": 6,
      "name": "head",
      "tail": {
        "size": 8,
        "fields": [
          {
            "name": "old_head",
            "offset": 0,
            "size": 8,
            "type": "u64"
          }
        ]
      }
    },
    {
      "kind": 7,
      "name": "merge",
      "tail": {
        "size": 8,
        "fields": [
          {
            "name": "into",
            "offset": 0,
            "size": 8,
            "type": "u64"
          }
        ]
      }
    },
    {
      "kind": 8,
      "name": "return",
      "tail": {
        "size": 16,
        "fields": [
          {
            "name": "value",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "entry_ns",
            "offset": 8,
            "size": 8,
            "type": "u64"
          }
        ]
      }
    },
    {
      "kind": 16,
      "name": "hook",
      "tail": {
        "size": 24,
        "fields": [
          {
            "name": "duration_ns",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "result",
            "offset": 8,
            "size": 4,
            "type": "s32"
          },
          {
            "name": "in_ifindex",
            "offset": 12,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "out_ifindex",
            "offset": 16,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "pf",
            "offset": 20,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "hook",
            "offset": 21,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "reserved",
            "offset": 22,
            "size": 2,
            "type": "u16"
          }
        ]
      }
    },
    {
      "kind": 17,
      "name": "rule",
      "tail": {
        "size": 24,
        "fields": [
          {
            "name": "handle",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "chain",
            "offset": 8,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "verdict",
            "offset": 16,
            "size": 4,
            "type": "u32"
          },
          {
            "name": "type",
            "offset": 20,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "pf",
            "offset": 21,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "hook",
            "offset": 22,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "reserved",
            "offset": 23,
            "size": 1,
            "type": "u8"
          }
        ]
      }
    },
    {
      "kind": 18,
      "name": "conntrack",
      "tail": {
        "size": 88,
        "fields": [
          {
            "name": "id",
            "offset": 0,
            "size": 8,
            "type": "u64"
          },
          {
            "name": "original_source",
            "offset": 8,
            "size": 16,
            "type": "text"
          },
          {
            "name": "original_destination",
            "offset": 24,
            "size": 16,
            "type": "text"
          },
          {
            "name": "reply_source",
            "offset": 40,
            "size": 16,
            "type": "text"
          },
          {
            "name": "reply_destination",
            "offset": 56,
            "size": 16,
            "type": "text"
          },
          {
            "name": "original_source_port",
            "offset": 72,
            "size": 2,
            "type": "u16"
          },
          {
            "name": "original_destination_port",
            "offset": 74,
            "size": 2,
            "type": "u16"
          },
          {
            "name": "reply_source_port",
            "offset": 76,
            "size": 2,
            "type": "u16"
          },
          {
            "name": "reply_destination_port",
            "offset": 78,
            "size": 2,
            "type": "u16"
          },
          {
            "name": "family",
            "offset": 80,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "protocol",
            "offset": 81,
            "size": 1,
            "type": "u8"
          },
          {
            "name": "reserved",
            "offset": 82,
            "size": 2,
            "type": "u16"
          },
          {
            "name": "reserved2",
            "offset": 84,
            "size": 4,
            "type": "u32"
          }
        ]
      }
    }
  ]
};

/** `kind` of an event. */
export const EventKind = {
  "SIGHT": 1,
  "DROP": 2,
  "TRAVERSAL": 3,
  "CLONE": 4,
  "FREE": 5,
  "HEAD": 6,
  "MERGE": 7,
  "RETURN": 8,
  "HOOK": 16,
  "RULE": 17,
  "CONNTRACK": 18
} as const;

/** Bits of `flags` of an event. */
export const EventFlag = {
  "VLAN": 1,
  "CAPTURE_FAULT": 2,
  "FIRST": 4,
  "SAME_BYTES": 8,
  "HEAD_STOLEN": 16
} as const;

/** `how` of a clone. */
export const CloneHow = {
  "CLONE": 0,
  "COPY": 1,
  "SEGMENT": 2,
  "FRAGMENT": 3
} as const;
