import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { rosTypeName } from '../messages/types.js';
import { loadCompression } from './compression.js';
import type { RandomAccessFile } from './files.js';
import { lostNote } from './lost-messages.js';
import { UNREADABLE_FRAMES, isZstdFrame, unpackFrame } from './message-zstd.js';
import { parseRosbag2Metadata } from './rosbag2-metadata.js';
import { type OnDamage, SqliteFile, type SqliteRow, type SqliteValue } from './sqlite-file.js';
import { type SqliteSurvey, surveyMessages } from './sqlite-survey.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

type Schema = Map<string, { root: number; sql: string }>;
/** Bytes of topics, definitions and metadata that are read; they only describe. */
const LARGEST_DESCRIPTIONS = 64 * 1024 * 1024;

/**
 * rosbag2's SQLite storage, all versions; messages are streamed along the index of their stamps.
 *
 * @example
 * const bag = await SqliteBagReader.open(await RandomAccessFile.open('drive.db3'));
 * for await (const { data } of bag.messages({ topics: ['/points'] })) use(data);
 * await bag.close();
 */
export class SqliteBagReader implements BagReader {
  readonly format = 'rosbag2-sqlite';
  readonly timeRange = undefined;
  /** Set where the bag's metadata says that each message is a zstd frame; without it their first bytes decide. */
  messagesAreZstd = false;
  #survey: Promise<SqliteSurvey> | undefined;

  private constructor(
    readonly file: RandomAccessFile,
    readonly database: SqliteFile,
    readonly schema: Schema,
    readonly topicsById: ReadonlyMap<bigint, TopicInfo>,
    /** Messages by topic, where the database holds the metadata of this file alone. */
    readonly metadataCounts: ReadonlyMap<string, number> | undefined,
    readonly warningList: WarningList,
  ) {}

  /**
   * Takes the file over, and closes it where it cannot be read. Throws FeltmapError 'bad-input' where the database is no
   * rosbag2 recording or has lost its list of topics.
   */
  static async open(file: RandomAccessFile): Promise<SqliteBagReader> {
    const { path } = file;
    await loadCompression();
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
      const { topics, counts } = await readTopics(database, schema, (text) => warnings.add(text));
      return new SqliteBagReader(file, database, schema, topics, counts, warnings);
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
    const { path } = this.file;
    const table = this.schema.get('messages')!;
    const columns = columnsOf(table.sql);
    const [topicAt, timeAt, dataAt] = [columns.topic_id, columns.timestamp, columns.data];
    if (topicAt === undefined || timeAt === undefined || dataAt === undefined) {
      this.warningList.add(`${path}: the description of its messages is damaged; none can be read`);
      return;
    }
    this.#survey ??= surveyMessages(this.database, table.root, this.schema.get('timestamp_idx')?.root);
    const survey = await this.#survey;
    if (survey.warning !== undefined) this.warningList.add(survey.warning);
    let first = '';
    const onDamage: OnDamage = (error) => {
      first ||= error.message;
      this.warningList.add(`${first}; what can be read is used`);
    };
    let whole = 0;
    const read = new Map<string, number>();
    for await (const row of this.#rowsInOrder(table.root, survey, timeAt, onDamage, startNs, endNs)) {
      const [id, time, data] = [row.values[topicAt], row.values[timeAt], row.values[dataAt]];
      const topic = typeof id === 'bigint' ? this.topicsById.get(id) : undefined;
      if (!topic || typeof time !== 'bigint' || !(data instanceof Uint8Array)) {
        onDamage(new FeltmapError('bad-input', `${path}: message ${row.rowid} is damaged`));
        continue;
      }
      whole++;
      if (topics && !topics.includes(topic.name)) continue;
      if ((startNs !== undefined && time < startNs) || (endNs !== undefined && time >= endNs)) continue;
      if (topic.encoding !== 'cdr') {
        this.warningList.add(
          `${topic.name}: messages are encoded as '${topic.encoding}', not cdr; they are left out`,
        );
        continue;
      }
      const bytes = this.messagesAreZstd || isZstdFrame(data) ? this.#inflate(data, topic.name) : data;
      if (!bytes) continue;
      const { name, type, schema } = topic;
      read.set(name, (read.get(name) ?? 0) + 1);
      yield { topic: name, type, schema, logTimeNs: time, data: bytes, encoding: 'cdr' };
    }
    if (startNs !== undefined || endNs !== undefined) return;
    if (whole < survey.messages)
      this.warningList.add(`${path}: ${survey.messages - whole} of ${survey.messages} messages are lost`);
    for (const [name, promised] of this.metadataCounts ?? []) {
      const note = lostNote(path, name, promised, read.get(name) ?? 0);
      if (note !== undefined && (!topics || topics.includes(name))) this.warningList.add(note);
    }
  }

  /** Along the index on the stamps where that holds, otherwise as stored: in order of arrival. */
  async *#rowsInOrder(
    root: number,
    { indexHolds }: SqliteSurvey,
    timeAt: number,
    onDamage: OnDamage,
    startNs?: bigint,
    endNs?: bigint,
  ): AsyncGenerator<SqliteRow> {
    const { database } = this;
    if (!indexHolds) {
      yield* database.rows(root, onDamage);
      return;
    }
    const differingTimes = `${this.file.path}: times of messages differ from those in the index: some are damaged`;
    const budget = database.budget();
    for await (const [time, rowid] of database.entries(this.schema.get('timestamp_idx')!.root)) {
      if (typeof time !== 'bigint' || typeof rowid !== 'bigint' || (startNs !== undefined && time < startNs))
        continue;
      if (endNs !== undefined && time >= endNs) return;
      const damaged = new FeltmapError(
        'bad-input',
        `${this.file.path}: message ${rowid} is missing or damaged`,
      );
      try {
        const row = await database.row(root, rowid, budget);
        if (!row) onDamage(damaged);
        else {
          if (row.values[timeAt] !== time) this.warningList.add(differingTimes);
          yield row;
        }
      } catch (error) {
        if (error instanceof RangeError) onDamage(damaged);
        else if (error instanceof FeltmapError && error.code !== 'io') onDamage(error);
        else throw error;
      }
    }
  }

  #inflate(data: Uint8Array, topic: string): Uint8Array | undefined {
    const message = unpackFrame(data);
    if (!message) this.warningList.add(`${topic}: ${UNREADABLE_FRAMES}`);
    return message;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

interface Topics {
  readonly topics: Map<bigint, TopicInfo>;
  readonly counts: ReadonlyMap<string, number> | undefined;
}

async function readTopics(
  database: SqliteFile,
  schema: Schema,
  warn: (text: string) => void,
): Promise<Topics> {
  const onDamage: OnDamage = (error) => warn(error.message);
  const table = async (name: string): Promise<Record<string, SqliteValue>[]> => {
    const info = schema.get(name);
    const rows: Record<string, SqliteValue>[] = [];
    if (!info) return rows;
    const columns = Object.entries(columnsOf(info.sql));
    let size = 0;
    for await (const { rowid, values } of database.rows(info.root, onDamage)) {
      for (const value of values)
        if (typeof value === 'string' || value instanceof Uint8Array) size += value.length;
      if (size > LARGEST_DESCRIPTIONS) {
        warn(`${database.file.path}: the table '${name}' is too large; not all of it is read`);
        break;
      }
      // The integer primary key is stored as NULL: it is the rowid.
      rows.push({ ...Object.fromEntries(columns.map(([name, i]) => [name, values[i!] ?? null])), id: rowid });
    }
    return rows;
  };
  const definitions = new Map(
    (await table('message_definitions')).map((d) => [d.topic_type, String(d.encoded_message_definition)]),
  );
  const text = (await table('metadata')).at(-1)?.metadata;
  const metadata = typeof text === 'string' ? parseRosbag2Metadata(text) : undefined;
  // Each file of a recording in several holds the metadata of all that come before it as well.
  const counts = metadata && metadata.files.length <= 1 ? metadata.counts : undefined;
  const topics = new Map<bigint, TopicInfo>();
  for (const { id, name, type, serialization_format } of await table('topics')) {
    const count = metadata?.counts.get(String(name));
    topics.set(id as bigint, {
      name: String(name),
      type: rosTypeName(String(type)),
      schema: definitions.get(type ?? '') ?? '',
      encoding: String(serialization_format),
      ...(count !== undefined && { count }),
    });
  }
  return { topics, counts };
}

/** Position of each column in `CREATE TABLE name(a TYPE, b TYPE …)`. */
function columnsOf(sql: string): Partial<Record<string, number>> {
  const list = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')')).split(',');
  return Object.fromEntries(list.map((c, i) => [c.trim().split(/\s+/)[0]!.replace(/["'`]/g, ''), i]));
}
