// What every export format is: blocks of one table in, bytes out. Files and pipes belong to the caller.
import type { Block } from "../tables/block.js";

/** Takes the blocks of one table, and writes them in its format. */
export interface TableWriter {
  /**
   * Takes the next rows. Wait for what it returns before the next call.
   * @throws {TypeError} if the block is of another table
   */
  write(block: Block): void | Promise<void>;
  /** Writes what is still held, and what the format ends with. A table without rows is a valid file too. */
  end(): void | Promise<void>;
}

/** Where bytes go. The array is the sink's to keep. */
export interface ByteSink {
  write(bytes: Uint8Array): void | Promise<void>;
}

/** @throws {TypeError} if the block is of another table */
export function expectTable(block: Block, table: string): void {
  if (block.table !== table) throw new TypeError(`rows of ${block.table} given to a writer of ${table}`);
}
