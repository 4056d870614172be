// A large table of integers, written as the pages that SQLite would make of it: inserting row by row takes many times as
// long. The rows' leaf pages wait in a file of their own until SQLite is done with the database; then they are put
// behind its pages. https://www.sqlite.org/fileformat2.html#b_tree_pages
import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { IntegerRecord, putVarint, varintSize } from "./record.js";

const LEAF = 0x0d;
const LEAF_HEADER = 8;
const INTERIOR = 0x05;
const INTERIOR_HEADER = 12;
/** Of a cell's place in a page. */
const POINTER = 2;
const CHILD = 4;

/** Where the file's header has the number of its pages. */
const PAGE_COUNT_AT = 28;

/** SQLite locks bytes from here on, and never stores anything in the page that has the first of them. */
const LOCKED_BYTE = 2 ** 30;

/** Leaf pages are written so many at a time. */
const PAGES_TOGETHER = 64;

/** A page of a table's tree, and the greatest key in and under it. */
interface Page {
  readonly number: number;
  readonly last: number;
}

/** The rows of one table, whose keys are 1 and so on. */
export class TablePages {
  readonly #pageSize: number;
  readonly #record: IntegerRecord;
  readonly #row: Float64Array;
  readonly #file: number;
  readonly #pages: Uint8Array;
  /** Greatest key of each leaf page that is full. */
  readonly #lasts: number[] = [];
  /** Of pages that are not in the file yet, those that are full; behind them stands the one that is being filled. */
  #full = 0;
  #cells = 0;
  #free: number;
  #rows = 0;

  /**
   * @param waiting name of the file in which the pages wait. It is removed at once, and lasts as long as it is open
   * @param columns of a row, with that of the key, in which rows have NaN
   */
  constructor(waiting: string, columns: number, pageSize: number) {
    this.#pageSize = pageSize;
    this.#row = new Float64Array(columns);
    this.#record = new IntegerRecord(columns);
    this.#pages = new Uint8Array(PAGES_TOGETHER * pageSize);
    this.#free = pageSize;
    this.#file = openSync(waiting, "wx+", 0o600);
    rmSync(waiting);
  }

  /**
   * Adds rows. Each must fit into a page.
   * @param front what stands in the first columns of all of them
   * @param values of the others, row after row
   */
  add(front: readonly number[], values: Float64Array): void {
    const [record, row] = [this.#record, this.#row];
    row.set(front);
    const own = row.length - front.length;
    for (let at = 0; at < values.length; at += own) {
      for (let i = 0; i < own; i++) row[front.length + i] = values[at + i] ?? Number.NaN;
      const rowid = this.#rows + 1;
      record.measure(row, rowid);
      if (this.#free - record.size < LEAF_HEADER + (this.#cells + 1) * POINTER) this.#nextPage();
      this.#free -= record.size;
      const page = this.#full * this.#pageSize;
      record.write(this.#pages, page + this.#free, row, rowid);
      put16(this.#pages, page + LEAF_HEADER + this.#cells * POINTER, this.#free);
      this.#cells++;
      this.#rows = rowid;
    }
  }

  /**
   * Puts the rows into a database that nobody has open.
   * @param root number of the table's page: it has no rows yet
   */
  putInto(path: string, root: number): void {
    if (this.#rows === 0) return;
    this.#nextPage();
    this.#writeOut();
    const database = openSync(path, "r+");
    try {
      const file = new PageFile(database, this.#pageSize);
      // The topmost page is the table's own.
      if (this.#lasts.length === 1) file.write(root, this.#leaf(0));
      else {
        let level = this.#lasts.map((last, i) => ({ number: file.append(this.#leaf(i)), last }));
        while (level.length > this.#childrenMax) level = this.#interiorPages(level, file);
        file.write(root, this.#interiorPage(level));
        file.writePageCount();
      }
    } finally {
      closeSync(database);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Under one interior page, if their keys are the longest. */
  get #childrenMax(): number {
    const cell = POINTER + CHILD + varintSize(this.#rows);
    return Math.floor((this.#pageSize - INTERIOR_HEADER) / cell);
  }

  #nextPage(): void {
    writeHeader(this.#pages, this.#full * this.#pageSize, LEAF, this.#cells, this.#free);
    this.#lasts.push(this.#rows);
    this.#full++;
    this.#cells = 0;
    this.#free = this.#pageSize;
    if (this.#full === PAGES_TOGETHER) this.#writeOut();
  }

  #writeOut(): void {
    writeAll(this.#file, this.#pages.subarray(0, this.#full * this.#pageSize));
    this.#pages.fill(0);
    this.#full = 0;
  }

  #leaf(i: number): Uint8Array {
    const leaf = new Uint8Array(this.#pageSize);
    const length = readSync(this.#file, leaf, 0, leaf.length, i * leaf.length);
    if (length !== leaf.length) throw new Error("rows that waited to be stored are gone");
    return leaf;
  }

  #interiorPages(children: readonly Page[], file: PageFile): Page[] {
    const pages: Page[] = [];
    // No fewer than two under one: all are shared out evenly.
    const count = Math.ceil(children.length / this.#childrenMax);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * children.length) / count);
      const some = children.slice(from, Math.floor(((i + 1) * children.length) / count));
      pages.push({ number: file.append(this.#interiorPage(some)), last: some.at(-1)?.last ?? 0 });
    }
    return pages;
  }

  /** A cell for each child but the last, which the page's header names. */
  #interiorPage(children: readonly Page[]): Uint8Array {
    const page = new Uint8Array(this.#pageSize);
    let free = this.#pageSize;
    const cells = children.slice(0, -1);
    cells.forEach(({ number, last }, i) => {
      free -= CHILD + varintSize(last);
      put32(page, free, number);
      putVarint(page, free + CHILD, last);
      put16(page, INTERIOR_HEADER + i * POINTER, free);
    });
    writeHeader(page, 0, INTERIOR, cells.length, free);
    put32(page, 8, children.at(-1)?.number ?? 0);
    return page;
  }
}

/** A database as a file of pages, numbered from 1. */
class PageFile {
  readonly #file: number;
  readonly #pageSize: number;
  #count: number;

  constructor(file: number, pageSize: number) {
    this.#file = file;
    this.#pageSize = pageSize;
    this.#count = Math.floor(fstatSync(file).size / pageSize);
  }

  /** Writes a page behind all others. Returns its number. */
  append(page: Uint8Array): number {
    this.#count++;
    if (this.#count === Math.floor(LOCKED_BYTE / this.#pageSize) + 1) this.#count++;
    this.write(this.#count, page);
    return this.#count;
  }

  write(number: number, page: Uint8Array): void {
    writeAll(this.#file, page, (number - 1) * this.#pageSize);
  }

  writePageCount(): void {
    const bytes = new Uint8Array(4);
    put32(bytes, 0, this.#count);
    writeAll(this.#file, bytes, PAGE_COUNT_AT);
  }
}

/** Of a page without free blocks in it. @param free where its cells begin; 0 stands for 65536 */
function writeHeader(bytes: Uint8Array, page: number, type: number, cells: number, free: number): void {
  bytes[page] = type;
  put16(bytes, page + 3, cells);
  put16(bytes, page + 5, free);
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value);
}

/** @param position in the file; undefined: behind what was written last */
function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(
      file,
      bytes,
      done,
      bytes.length - done,
      position === undefined ? null : position + done,
    );
}
