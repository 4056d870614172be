// Drops by place and reason: what is said of many of them at once.
import { type EventBatch, EventKind, type RecordingReader } from "@skbtracer/format";
import { Names } from "../event/names.js";
import type { DropRow } from "../tables/rows.js";
import { DropPlaces } from "./drop-places.js";

/** Drops at one place for one reason. */
export interface DropGroup {
  /** Null where the kernel gives no reasons. */
  readonly reason: string | null;
  readonly function: string;
  readonly benign: boolean;
  /** Null: not harmless. */
  readonly rule: string | null;
  count: number;
}

/** Counts drops, as rows or, much faster, as a recording's events. */
export class DropGroups {
  readonly #groups = new Map<string, DropGroup>();

  addRow(row: DropRow): void {
    this.#group(row.reason, row.function, row.benign_rule).count++;
  }

  /** Says how to count a recording's events: all of them, batch by batch, from the first on. */
  ofRecording(reader: RecordingReader): (batch: EventBatch) => void {
    let places: DropPlaces | undefined;
    return (batch) => {
      places ??= new DropPlaces(new Names(reader.environment, reader.dictionary, reader.rules));
      const kinds = batch.narrow("kind");
      for (let i = 0; i < kinds.length; i++) {
        if (kinds[i] !== EventKind.DROP) continue;
        const { reason, function: name, rule } = places.of(batch, i);
        this.#group(reason, name, rule?.name ?? null).count++;
      }
    };
  }

  /** The most frequent first. */
  all(): DropGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.count - a.count);
  }

  #group(reason: string | null, name: string, rule: string | null): DropGroup {
    const key = `${rule ?? ""}\n${reason ?? ""}\n${name}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = { reason, function: name, benign: rule !== null, rule, count: 0 };
      this.#groups.set(key, group);
    }
    return group;
  }
}
