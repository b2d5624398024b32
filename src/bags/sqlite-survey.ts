import type { OnDamage, SqliteFile } from './sqlite-file.js';

/** What reading the messages of a database in order rests on. */
export interface SqliteSurvey {
  /** Whether the index on the stamps leads to every message, once. */
  readonly indexHolds: boolean;
  /** Messages that there are, by the index or the table, whichever knows of more. */
  readonly messages: number;
  /** What is wrong, in one sentence. */
  readonly warning?: string;
}

/** A set of rowids by its count and sums: enough to tell a set from one with a changed, lost or doubled member. */
interface RowidSums {
  count: number;
  sum: bigint;
  squares: bigint;
  /** Whether everything could be read, and came in order. */
  whole: boolean;
  last: bigint;
}

/**
 * Walks through the index on the stamps before it is trusted: a damaged one would lose messages that the table still has.
 * Where it does not list the messages 1…n, as rosbag2 numbers them, the table is walked through as well.
 */
export async function surveyMessages(
  database: SqliteFile,
  table: number,
  index: number | undefined,
): Promise<SqliteSurvey> {
  const last = (await database.lastRowid(table)) ?? 0n;
  const listed = index === undefined ? undefined : await sumIndex(database, index);
  if (listed?.whole && isUpTo(listed, last)) return { indexHolds: true, messages: listed.count };
  const stored = await sumTable(database, table);
  if (listed?.whole && stored.whole && isSame(listed, stored))
    return { indexHolds: true, messages: listed.count };
  const numbered = stored.last - BigInt(stored.count);
  // Rows that were deleted leave gaps, too, and a damaged number may be anything.
  const gaps = numbered > 0n && numbered < BigInt(stored.count) + 1000n ? Number(numbered) : 0;
  const messages = Math.max(listed?.whole ? listed.count : 0, stored.count + (listed?.whole ? 0 : gaps));
  const { path } = database.file;
  const warning = !listed
    ? undefined
    : `${path}: the index on the stamps is damaged or does not fit the messages; they are read as they are stored`;
  return { indexHolds: false, messages, ...(warning !== undefined && { warning }) };
}

async function sumIndex(database: SqliteFile, root: number): Promise<RowidSums> {
  const sums = nothing();
  let before: bigint | undefined;
  for await (const [time, rowid] of database.entries(root, damageOf(sums))) {
    if (typeof time !== 'bigint' || typeof rowid !== 'bigint' || (before !== undefined && time < before)) {
      sums.whole = false;
      continue;
    }
    before = time;
    add(sums, rowid);
  }
  return sums;
}

async function sumTable(database: SqliteFile, root: number): Promise<RowidSums> {
  const sums = nothing();
  for await (const rowid of database.rowids(root, damageOf(sums))) {
    if (sums.count > 0 && rowid <= sums.last) sums.whole = false;
    add(sums, rowid);
  }
  return sums;
}

function nothing(): RowidSums {
  return { count: 0, sum: 0n, squares: 0n, whole: true, last: 0n };
}

function damageOf(sums: RowidSums): OnDamage {
  return () => (sums.whole = false);
}

function add(sums: RowidSums, rowid: bigint): void {
  sums.count++;
  sums.sum += rowid;
  sums.squares = BigInt.asUintN(64, sums.squares + rowid * rowid);
  sums.last = rowid;
}

/** Whether the rowids are 1…n. */
function isUpTo({ count, sum, squares }: RowidSums, last: bigint): boolean {
  const n = BigInt(count);
  const ofSquares = BigInt.asUintN(64, (n * (n + 1n) * (2n * n + 1n)) / 6n);
  return n === last && sum === (n * (n + 1n)) / 2n && squares === ofSquares;
}

function isSame(a: RowidSums, b: RowidSums): boolean {
  return a.count === b.count && a.sum === b.sum && a.squares === b.squares;
}
