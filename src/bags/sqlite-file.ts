import { FeltmapError } from '../geometry/errors.js';
import { LARGEST_CHUNK } from './compression.js';
import { PageSet } from './page-set.js';
import { type RandomAccessFile, WindowedReader } from './files.js';

/*
 * Read-only access to the tables of an SQLite 3 database (https://sqlite.org/fileformat.html): enough for rosbag2,
 * without locks beside the file (bags lie on read-only disks), and it gets at what is whole in a cut-off file.
 */

export const SQLITE_MAGIC = new TextEncoder().encode('SQLite format 3\0');

/** INTEGERs come out as bigint, REALs as number, BLOBs as bytes. */
export type SqliteValue = bigint | number | string | Uint8Array | null;

export interface SqliteRow {
  readonly rowid: bigint;
  readonly values: readonly SqliteValue[];
}

const LEAF_INDEX = 0x0a;
const LEAF_TABLE = 0x0d;
const INNER_INDEX = 0x02;
const INNER_TABLE = 0x05;
/** Deeper trees than any real file has mean that pages point at each other. */
const DEEPEST = 20;
/** Overflow pages follow each other, so that large reads pay. */
const WINDOW = 1 << 18;

const utf8 = new TextDecoder();

interface Cell {
  readonly rowid: bigint;
  readonly payload: () => Promise<Uint8Array>;
}

/** Unreadable parts, which are passed over. */
export type OnDamage = (error: FeltmapError) => void;

/**
 * How many overflow pages one reading of a table may follow. No page belongs to two payloads; without this a small file
 * whose payloads share their pages would take for ever.
 */
export interface PageBudget {
  left: number;
}

interface Page {
  readonly bytes: Uint8Array;
  readonly kind: number;
  /** Offsets of the cells. */
  readonly cells: readonly number[];
  /** Last child of an inner page. */
  readonly right: number;
}

/**
 * The tables of a database file, read page by page.
 *
 * @example
 * const database = await SqliteFile.open(await RandomAccessFile.open('drive.db3'));
 * const { root } = (await database.schema()).get('messages')!;
 * for await (const { rowid, values } of database.rows(root)) use(rowid, values);
 */
export class SqliteFile {
  /** Inner pages are needed again and again; payload pages once. */
  readonly #cache = new Map<number, Page>();
  readonly #pages: WindowedReader;
  readonly #overflow: WindowedReader;

  private constructor(
    readonly file: RandomAccessFile,
    readonly pageSize: number,
    readonly usable: number,
  ) {
    this.#pages = new WindowedReader(file, pageSize);
    this.#overflow = new WindowedReader(file, WINDOW);
  }

  /** Throws FeltmapError 'bad-input'. */
  static async open(file: RandomAccessFile): Promise<SqliteFile> {
    const head = await file.read(0, 100);
    const code = head.length === 100 ? (head[16]! << 8) | head[17]! : 0;
    const pageSize = code === 1 ? 65536 : code;
    if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || head[59]! > 1) {
      throw new FeltmapError(
        'bad-input',
        `${file.path} has a damaged SQLite header (or one not in UTF-8); it cannot be read`,
      );
    }
    return new SqliteFile(file, pageSize, pageSize - head[20]!);
  }

  /** What one reading of a table may take; twice the pages there are, as the file may grow meanwhile. */
  budget(): PageBudget {
    return { left: 2 * Math.ceil(this.file.size / this.pageSize) + 64 };
  }

  #damaged(page: number): FeltmapError {
    const size = this.file.size;
    const cut =
      page * this.pageSize > size ? ` (the file has only ${Math.floor(size / this.pageSize)} pages)` : '';
    return new FeltmapError('bad-input', `${this.file.path} is cut off or damaged at page ${page}${cut}`);
  }

  /** Root page of each table and index, with the SQL that made it. */
  async schema(): Promise<Map<string, { root: number; sql: string }>> {
    const out = new Map<string, { root: number; sql: string }>();
    for await (const { values } of this.rows(1)) {
      const [, name, , root, sql] = values;
      if (typeof name === 'string' && typeof root === 'bigint')
        out.set(name, { root: Number(root), sql: String(sql) });
    }
    return out;
  }

  /** All rows of a table in order of rowid. `onDamage` gets unreadable parts, which are passed over. */
  async *rows(root: number, onDamage?: OnDamage): AsyncGenerator<SqliteRow> {
    for await (const cell of this.#walk(root, this.budget(), onDamage)) {
      const row = await this.#attempt(async () => parseRecord(await cell.payload()), root, onDamage);
      if (row) yield { rowid: cell.rowid, values: row };
    }
  }

  /** The rowids of a table in their order, without its content. */
  async *rowids(root: number, onDamage?: OnDamage): AsyncGenerator<bigint> {
    for await (const { rowid } of this.#walk(root, this.budget(), onDamage)) yield rowid;
  }

  /** The largest rowid of a table; undefined where it is empty or damaged. */
  async lastRowid(root: number): Promise<bigint | undefined> {
    try {
      let [number, page] = [root, await this.#page(root)];
      for (let depth = 0; page.kind === INNER_TABLE && depth < DEEPEST; depth++) {
        number = page.right;
        page = await this.#page(number);
      }
      const at = page.cells.at(-1);
      return page.kind === LEAF_TABLE && at !== undefined
        ? this.#tableCell(page, at, number, this.budget()).rowid
        : undefined;
    } catch (error) {
      if (error instanceof RangeError || (error instanceof FeltmapError && error.code !== 'io'))
        return undefined;
      throw error;
    }
  }

  /** All entries of an index in its order; the last value of each is the rowid in the table. */
  async *entries(root: number, onDamage?: OnDamage): AsyncGenerator<SqliteValue[]> {
    for await (const cell of this.#walk(root, this.budget(), onDamage)) {
      const entry = await this.#attempt(async () => parseRecord(await cell.payload()), root, onDamage);
      if (entry) yield entry;
    }
  }

  /** The row with this rowid; undefined if there is none. Throws FeltmapError where it cannot be read. */
  async row(root: number, rowid: bigint, budget: PageBudget): Promise<SqliteRow | undefined> {
    let number = root;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const page = await this.#page(number);
      if (page.kind === LEAF_TABLE) {
        for (const at of page.cells) {
          const cell = this.#tableCell(page, at, number, budget);
          if (cell.rowid === rowid) return { rowid, values: parseRecord(await cell.payload()) };
        }
        return undefined;
      }
      if (page.kind !== INNER_TABLE) break;
      // Each cell of an inner page holds a child and the largest rowid in it.
      let next = page.right;
      for (const at of page.cells) {
        if (rowid <= readVarint(page.bytes, at + 4)[0]) {
          next = readU32(page.bytes, at);
          break;
        }
      }
      number = next;
    }
    throw this.#damaged(number);
  }

  async #attempt<T>(action: () => T | Promise<T>, page: number, onDamage?: OnDamage): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const known = error instanceof RangeError ? this.#damaged(page) : error;
      if (!onDamage || !(known instanceof FeltmapError) || known.code === 'io') throw known;
      onDamage(known);
      return undefined;
    }
  }

  async *#walk(root: number, budget: PageBudget, onDamage?: OnDamage): AsyncGenerator<Cell> {
    // In a tree every page has one parent: pages that point at each other are met a second time.
    yield* this.#subtree(root, 0, new PageSet(), budget, onDamage);
  }

  async *#subtree(
    number: number,
    depth: number,
    visited: PageSet,
    budget: PageBudget,
    onDamage?: OnDamage,
  ): AsyncGenerator<Cell> {
    const page = await this.#attempt(
      () => {
        if (depth > DEEPEST || !visited.add(number)) throw this.#damaged(number);
        return this.#page(number);
      },
      number,
      onDamage,
    );
    if (!page) return;
    const inner = page.kind === INNER_TABLE || page.kind === INNER_INDEX;
    for (const at of page.cells) {
      if (inner) yield* this.#subtree(readU32(page.bytes, at), depth + 1, visited, budget, onDamage);
      if (page.kind === INNER_TABLE) continue;
      const isTable = page.kind === LEAF_TABLE;
      const cell = await this.#attempt(
        () =>
          isTable
            ? this.#tableCell(page, at, number, budget)
            : this.#indexCell(page, inner ? at + 4 : at, number, budget),
        number,
        onDamage,
      );
      if (cell) yield cell;
    }
    if (inner) yield* this.#subtree(page.right, depth + 1, visited, budget, onDamage);
  }

  async #page(number: number): Promise<Page> {
    const cached = this.#cache.get(number);
    if (cached) return cached;
    if (number < 1) throw this.#damaged(number);
    const bytes = await this.#pages.read((number - 1) * this.pageSize, this.pageSize);
    const at = number === 1 ? 100 : 0; // the file's header lies in page 1
    const kind = bytes[at] ?? 0;
    const known = [LEAF_INDEX, LEAF_TABLE, INNER_INDEX, INNER_TABLE].includes(kind);
    if (bytes.length < this.pageSize || !known) throw this.#damaged(number);
    const inner = kind === INNER_TABLE || kind === INNER_INDEX;
    const count = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    const first = at + (inner ? 12 : 8);
    if (first + 2 * count > bytes.length) throw this.#damaged(number);
    const cells: number[] = [];
    for (let i = 0; i < count; i++) {
      const offset = (bytes[first + 2 * i]! << 8) | bytes[first + 2 * i + 1]!;
      if (offset + 4 > bytes.length) throw this.#damaged(number);
      cells.push(offset);
    }
    const page: Page = { bytes, kind, cells, right: inner ? readU32(bytes, at + 8) : 0 };
    if (this.#cache.size > 256) this.#cache.clear();
    this.#cache.set(number, page);
    return page;
  }

  #tableCell(page: Page, at: number, number: number, budget: PageBudget): Cell {
    const [length, afterLength] = readVarint(page.bytes, at);
    const [rowid, start] = readVarint(page.bytes, afterLength);
    const most = this.usable - 35;
    return { rowid, payload: () => this.#payload(page, start, Number(length), most, number, budget) };
  }

  #indexCell(page: Page, at: number, number: number, budget: PageBudget): Cell {
    const [length, start] = readVarint(page.bytes, at);
    const most = Math.floor(((this.usable - 12) * 64) / 255) - 23;
    return { rowid: 0n, payload: () => this.#payload(page, start, Number(length), most, number, budget) };
  }

  /** A payload: what fits (at most `most` bytes) lies in the page, the rest in a chain of overflow pages. */
  async #payload(
    page: Page,
    start: number,
    length: number,
    most: number,
    number: number,
    budget: PageBudget,
  ): Promise<Uint8Array> {
    if (length <= most) {
      if (start + length > page.bytes.length) throw this.#damaged(number);
      return page.bytes.subarray(start, start + length);
    }
    if (length < 0 || length > this.file.size) throw this.#damaged(number);
    if (length > LARGEST_CHUNK)
      throw new FeltmapError(
        'bad-input',
        `${this.file.path} has a message of ${length} bytes; it is too large`,
      );
    budget.left -= Math.ceil((length - most) / (this.usable - 4));
    if (budget.left < 0) throw this.#damaged(number);
    const least = Math.floor(((this.usable - 12) * 32) / 255) - 23;
    const k = least + ((length - least) % (this.usable - 4));
    const local = k <= most ? k : least;
    if (start + local + 4 > page.bytes.length) throw this.#damaged(number);
    const out = new Uint8Array(length);
    out.set(page.bytes.subarray(start, start + local));
    let next = readU32(page.bytes, start + local);
    for (let done = local; done < length;) {
      const n = Math.min(length - done, this.usable - 4);
      const bytes =
        next < 1 ? new Uint8Array(0) : await this.#overflow.read((next - 1) * this.pageSize, 4 + n);
      if (bytes.length < 4 + n) throw this.#damaged(next);
      out.set(bytes.subarray(4), done);
      done += n;
      next = readU32(bytes, 0);
    }
    return out;
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** A variable-length integer and the offset behind it. */
function readVarint(bytes: Uint8Array, at: number): [bigint, number] {
  let value = 0n;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new RangeError('a number runs over the end of the page');
    if (i === 8) return [BigInt.asIntN(64, (value << 8n) | BigInt(byte)), at + 9];
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  throw new RangeError('unreachable');
}

/** The values of a record. Throws RangeError at damage. */
function parseRecord(bytes: Uint8Array): SqliteValue[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [headerSize, first] = readVarint(bytes, 0);
  const end = Number(headerSize);
  const values: SqliteValue[] = [];
  let at = end;
  for (let header = first; header < end;) {
    const [type, next] = readVarint(bytes, header);
    header = next;
    const code = Number(type);
    if (code >= 12) {
      const length = (code - (code % 2 === 0 ? 12 : 13)) / 2;
      if (at + length > bytes.length) throw new RangeError('a value runs over the end of its record');
      const slice = bytes.subarray(at, at + length);
      values.push(code % 2 === 0 ? slice : utf8.decode(slice));
      at += length;
    } else if (code === 7) {
      values.push(view.getFloat64(at));
      at += 8;
    } else if (code === 0 || code === 8 || code === 9) {
      values.push(code === 0 ? null : BigInt(code - 8));
    } else {
      const size = [0, 1, 2, 3, 4, 6, 8][code];
      if (size === undefined || at + size > bytes.length) throw new RangeError('a record is damaged');
      let value = BigInt(view.getInt8(at));
      for (let i = 1; i < size; i++) value = (value << 8n) | BigInt(bytes[at + i]!);
      values.push(value);
      at += size;
    }
  }
  if (at !== bytes.length) throw new RangeError('the values of a record do not add up to its length');
  return values;
}
