// What is told of a drop's reason or place: a line each of what it means, what usually leads to it, and what to check.

/** Sentences of ours. In commands, capitals stand for what differs: DEVICE, SOURCE, DESTINATION, PORT, FILE. */
export interface Explanation {
  /** What the kernel found, or decided. */
  readonly means: string;
  /** What usually leads to it, the most frequent first. */
  readonly causes: string;
  /** Commands and settings that tell the causes apart. */
  readonly check: string;
  /** Where the kernel's source says so, below its root. */
  readonly source: string;
}

/** Functions that drop packets for the same causes. */
export interface Place extends Explanation {
  /** Names without the suffixes that compilers append. */
  readonly functions: readonly string[];
}

/** Explanations by the names that the kernel's enums have, without the prefix SKB_DROP_REASON_. */
export type Reasons = Readonly<Record<string, Explanation>>;
