import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { rosTypeName } from '../messages/types.js';
import { RandomAccessFile } from './files.js';
import { unpackFrame } from './message-zstd.js';
import { parseRosbag2Metadata } from './rosbag2-metadata.js';
import { SqliteFile, type SqliteRow, type SqliteValue } from './sqlite-file.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

type Schema = Map<string, { root: number; sql: string }>;

/**
 * rosbag2's SQLite storage, all versions; messages are streamed along the index of their stamps.
 *
 * @example
 * const bag = await SqliteBagReader.open('drive.db3');
 * for await (const { data } of bag.messages({ topics: ['/points'] })) use(data);
 * await bag.close();
 */
export class SqliteBagReader implements BagReader {
  readonly format = 'rosbag2-sqlite';
  readonly timeRange = undefined;
  /** Set where the bag's metadata says that each message is a zstd frame. */
  messagesAreZstd = false;

  private constructor(
    readonly file: RandomAccessFile,
    readonly database: SqliteFile,
    readonly schema: Schema,
    readonly topicsById: ReadonlyMap<bigint, TopicInfo>,
    readonly warningList: WarningList,
  ) {}

  /** Throws FeltmapError 'bad-input' where the database is no rosbag2 recording or has lost its list of topics. */
  static async open(path: string): Promise<SqliteBagReader> {
    const file = await RandomAccessFile.open(path);
    try {
      const database = await SqliteFile.open(file);
      const schema = await database.schema();
      if (!schema.has('topics') || !schema.has('messages')) {
        throw new FeltmapError(
          'unsupported',
          `${path} is an SQLite database, but no rosbag2 recording (no topics and messages)`,
        );
      }
      const warnings = new WarningList();
      const log = await stat(`${path}-wal`).catch(() => undefined);
      if (log && log.size > 0) {
        warnings.add(
          `${path}: the newest messages are still in ${path}-wal and are left out; run 'sqlite3 ${path} VACUUM' to get them in`,
        );
      }
      const topics = await readTopics(database, schema, (text) => warnings.add(text));
      return new SqliteBagReader(file, database, schema, topics, warnings);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get warnings(): readonly string[] {
    return this.warningList.list;
  }

  topics(): TopicInfo[] {
    return [...this.topicsById.values()];
  }

  async *messages(query: MessageQuery = {}): AsyncGenerator<BagMessage> {
    const { startNs, endNs, topics } = query;
    let lost = 0;
    let first = '';
    const onDamage = (error: FeltmapError): void => {
      lost++;
      first ||= error.message;
      this.warningList.add(`${first}; what can be read is used`);
    };
    const { root, sql } = this.schema.get('messages')!;
    const column = columnsOf(sql);
    for await (const row of this.#rowsInOrder(root, onDamage, startNs, endNs)) {
      const [id, time] = [row.values[column.topic_id!], row.values[column.timestamp!]];
      const data = row.values[column.data!];
      const topic = typeof id === 'bigint' ? this.topicsById.get(id) : undefined;
      if (!topic || typeof time !== 'bigint' || !(data instanceof Uint8Array)) continue;
      if (topics && !topics.includes(topic.name)) continue;
      if ((startNs !== undefined && time < startNs) || (endNs !== undefined && time >= endNs)) continue;
      if (topic.encoding !== 'cdr') {
        this.warningList.add(
          `${topic.name}: messages are encoded as '${topic.encoding}', not cdr; they are left out`,
        );
        continue;
      }
      const bytes = this.messagesAreZstd ? this.#inflate(data, topic.name) : data;
      if (!bytes) continue;
      const { name, type, schema } = topic;
      yield { topic: name, type, schema, logTimeNs: time, data: bytes, encoding: 'cdr' };
    }
    if (lost > 1) this.warningList.add(`${this.file.path}: ${lost} parts of the file could not be read`);
  }

  /** Along the index on the stamps where there is one, otherwise as stored: in order of arrival. */
  async *#rowsInOrder(
    root: number,
    onDamage: (error: FeltmapError) => void,
    startNs?: bigint,
    endNs?: bigint,
  ): AsyncGenerator<SqliteRow> {
    const index = this.schema.get('timestamp_idx');
    let indexDamaged = index === undefined;
    if (index) {
      // A damaged index would lose messages that the table still has: walk through it once before trusting it.
      const entries = this.database.entries(index.root, () => (indexDamaged = true));
      while (!indexDamaged && !(await entries.next()).done);
    }
    if (indexDamaged) {
      yield* this.database.rows(root, onDamage);
      return;
    }
    for await (const [time, rowid] of this.database.entries(index!.root)) {
      if (typeof time !== 'bigint' || typeof rowid !== 'bigint' || (startNs !== undefined && time < startNs))
        continue;
      if (endNs !== undefined && time >= endNs) return;
      try {
        const row = await this.database.row(root, rowid);
        if (row) yield row;
      } catch (error) {
        if (error instanceof RangeError)
          onDamage(new FeltmapError('bad-input', `${this.file.path}: message ${rowid} is damaged`));
        else if (error instanceof FeltmapError && error.code !== 'io') onDamage(error);
        else throw error;
      }
    }
  }

  #inflate(data: Uint8Array, topic: string): Uint8Array | undefined {
    const message = unpackFrame(data);
    if (!message) this.warningList.add(`${topic}: messages that are no whole zstd frames are left out`);
    return message;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

async function readTopics(
  database: SqliteFile,
  schema: Schema,
  warn: (text: string) => void,
): Promise<Map<bigint, TopicInfo>> {
  const onDamage = (error: FeltmapError): void => warn(error.message);
  const table = async (name: string): Promise<Record<string, SqliteValue>[]> => {
    const info = schema.get(name);
    const rows: Record<string, SqliteValue>[] = [];
    if (!info) return rows;
    const columns = Object.entries(columnsOf(info.sql));
    for await (const { rowid, values } of database.rows(info.root, onDamage)) {
      // The integer primary key is stored as NULL: it is the rowid.
      rows.push({ ...Object.fromEntries(columns.map(([name, i]) => [name, values[i] ?? null])), id: rowid });
    }
    return rows;
  };
  const definitions = new Map(
    (await table('message_definitions')).map((d) => [d.topic_type, String(d.encoded_message_definition)]),
  );
  const metadata = (await table('metadata')).at(-1)?.metadata;
  const counts = typeof metadata === 'string' ? parseRosbag2Metadata(metadata)?.counts : undefined;
  const topics = new Map<bigint, TopicInfo>();
  for (const { id, name, type, serialization_format } of await table('topics')) {
    const count = counts?.get(String(name));
    topics.set(id as bigint, {
      name: String(name),
      type: rosTypeName(String(type)),
      schema: definitions.get(type ?? '') ?? '',
      encoding: String(serialization_format),
      ...(count !== undefined && { count }),
    });
  }
  return topics;
}

/** Position of each column in `CREATE TABLE name(a TYPE, b TYPE …)`. */
function columnsOf(sql: string): Record<string, number> {
  const list = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')')).split(',');
  return Object.fromEntries(list.map((c, i) => [c.trim().split(/\s+/)[0]!.replace(/["'`]/g, ''), i]));
}
