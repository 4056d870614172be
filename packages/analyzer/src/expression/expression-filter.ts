// A filter expression, asked about captures.
import type { ClassicProgram } from "@skbtracer/format";
import type { Capture } from "../dissect/capture.js";
import { ETHERNET_HEADER_LENGTH, VLAN_TAG_LENGTH } from "../dissect/ethernet.js";
import { ethernetFrame } from "./ethernet-frame.js";
import { runClassic } from "./run-classic.js";

/** As far as headers are looked at to find the network's. */
const LOOKED_AT = ETHERNET_HEADER_LENGTH + 2 * VLAN_TAG_LENGTH + 1;

/** A compiled filter expression, and how often the capture was too short to decide. */
export class ExpressionFilter {
  /** As it was given. */
  readonly text: string;
  /** Compiled for Ethernet. */
  readonly program: ClassicProgram;
  /** Events that were taken not to match because the expression asks for bytes that were not captured. */
  undecided = 0;

  constructor(text: string, program: ClassicProgram) {
    this.text = text;
    this.program = program;
  }

  /** Whether the packet of an event matches. @param skbLength skb->len */
  matches(capture: Capture, skbLength: number): boolean {
    const frame = ethernetFrame(capture, skbLength);
    if (!frame) {
      // Skbs without a protocol are messages between processes, or of a device that has not said yet.
      if (capture.protocol !== 0 && capture.bytes.length < LOOKED_AT) this.undecided++;
      return false;
    }
    const verdict = runClassic(this.program, frame);
    if (verdict === "undecided") this.undecided++;
    return verdict === "match";
  }
}
