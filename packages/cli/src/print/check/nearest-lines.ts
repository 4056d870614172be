// A packet that departs from what was expected, as lines: its way, and on it the place.
import type { NearestPath } from "@skbtracer/analyzer";
import { escapeText } from "../escape.js";
import { packetText } from "../path-tree.js";
import { nsText } from "../quantities.js";

/** A line; the place of departure is marked. */
export interface NearestLine {
  readonly text: string;
  readonly isDeparture: boolean;
}

/** Functions that are shown before and behind the place. */
const AROUND = 20;

const plain = (text: string): NearestLine => ({ text, isDeparture: false });

/** All lines, without indent. */
export function nearestLines({ path, why, step }: NearestPath): NearestLine[] {
  const here: NearestLine = { text: `here: ${escapeText(why)}`, isDeparture: true };
  const functions = path.functions === "" ? [] : path.functions.split(" ");
  const times = path.hop_ns.split(" ");
  const at = step ?? functions.length;
  const title = `path ${path.path}  ${packetText(path)}  ${path.outcome}`;
  const lines = [plain(title)];
  if (step === undefined) lines.push(here);
  for (const [i, name] of functions.entries()) {
    if (step !== undefined && i === at) lines.push(here);
    if (Math.abs(i - at) > AROUND) continue;
    const time = times[i] === undefined || times[i] === "" ? "" : `+${nsText(Number(times[i]))}`;
    lines.push(plain(`${time.padStart(11)}  ${escapeText(name)}`));
  }
  if (step !== undefined && at >= functions.length) lines.push(here);
  if (path.verdicts !== null) lines.push(plain(`verdicts: ${escapeText(path.verdicts)}`));
  if (path.drop_location !== null) {
    const reason = path.drop_reason === null ? "" : `${path.drop_reason} `;
    const harmless = path.outcome === "dropped" ? "dropped" : "freed as dropped, harmless";
    lines.push(plain(`${harmless}: ${escapeText(`${reason}at ${path.drop_location}`)}`));
  }
  return lines;
}
