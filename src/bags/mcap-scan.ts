import { ByteCursor } from './byte-cursor.js';
import { type RandomAccessFile, WindowedReader } from './files.js';
import { loadRecords } from './mcap-chunk.js';
import { type McapExtent, McapIndex } from './mcap-index.js';
import {
  CHUNK_HEADER_MAX,
  MCAP_MAGIC,
  Op,
  RECORD_HEADER,
  forEachRecord,
  parseChunkHeader,
  parseMessageIndex,
} from './mcap-records.js';

/** Messages outside of chunks are read in runs of about this many bytes. */
const RUN_BYTES = 4 * 1024 * 1024;
/** No definition of a message is nearly as large, bytes. */
const LARGEST_DEFINITION = 16 * 1024 * 1024;
/** Opcodes up to here are defined, those from 0x80 on are private; the rest means damage. */
const LAST_OPCODE = 0x0f;
const FIRST_PRIVATE_OPCODE = 0x80;

interface Run {
  offset: number;
  length: number;
  startNs: bigint;
  endNs: bigint;
  channels: Set<number>;
}

/**
 * Builds the index of a file without a usable one by walking from record to record. Chunks are skipped over where
 * the message indexes behind them name known channels, and opened otherwise.
 */
export async function scanRecords(file: RandomAccessFile, warn: (text: string) => void): Promise<McapIndex> {
  return new Scanner(file, warn).scan();
}

class Scanner {
  readonly #index = new McapIndex();
  readonly #window: WindowedReader;
  #run: Run | undefined;
  /** The last chunk, until the indexes behind it have been seen. */
  #chunk: { extent: McapExtent; counts: Map<number, number>; empty: boolean } | undefined;

  constructor(
    readonly file: RandomAccessFile,
    readonly warn: (text: string) => void,
  ) {
    this.#window = new WindowedReader(file);
  }

  async scan(): Promise<McapIndex> {
    const { file } = this;
    let at = MCAP_MAGIC.length;
    let op = 0;
    /** Whether all messages are behind: what follows is the index. */
    let ended = false;
    while (op !== Op.Footer) {
      const header = await this.#window.read(at, RECORD_HEADER);
      if (header.length < RECORD_HEADER) {
        if (!ended) this.#warnNoEnd(at, header.length);
        break;
      }
      const c = new ByteCursor(header);
      op = c.u8();
      const length = c.size();
      const end = at + RECORD_HEADER + length;
      if (op === 0 || (op > LAST_OPCODE && op < FIRST_PRIVATE_OPCODE)) {
        const lost = file.size - at;
        if (!ended)
          this.warn(
            `${file.path} is damaged at byte ${at}: what is before it is used, ${lost} bytes are lost`,
          );
        break;
      }
      if (op !== Op.MessageIndex) await this.#settleChunk();
      if (end > file.size) {
        if (!ended) this.#warnNoEnd(at, file.size - at);
        if (op === Op.Chunk && !ended) await this.#addChunk(at, file.size); // its leading messages may be whole
        break;
      }
      if (op === Op.DataEnd) ended = true;
      if (!ended || op === Op.Statistics) await this.#record(op, at, end);
      at = end;
    }
    await this.#settleChunk();
    this.#closeRun();
    if (ended && !(await this.#endsWithMagic())) {
      this.warn(`${file.path} is cut off in the index at its end; no message is lost`);
    }
    return this.#index;
  }

  async #endsWithMagic(): Promise<boolean> {
    const tail = await this.file.read(this.file.size - MCAP_MAGIC.length, MCAP_MAGIC.length);
    return MCAP_MAGIC.every((b, i) => tail[i] === b);
  }

  #warnNoEnd(at: number, left: number): void {
    const rest =
      left > 0
        ? `in the middle of the record at byte ${at} (${left} bytes of it are there)`
        : `at byte ${at}`;
    this.warn(`${this.file.path} is cut off ${rest}, as after a power loss; everything whole is used`);
  }

  async #record(op: number, at: number, end: number): Promise<void> {
    const contentAt = at + RECORD_HEADER;
    const content = (most = Infinity): Promise<Uint8Array> =>
      this.#window.read(contentAt, Math.min(end - contentAt, most));
    if (op === Op.Message) this.#message(await content(14), at, end);
    else if (op === Op.Chunk) await this.#addChunk(at, end);
    else if (op === Op.MessageIndex && this.#chunk) {
      const { channel, count } = parseMessageIndex(await content(6));
      this.#chunk.counts.set(channel, count);
    } else if (op === Op.Statistics) this.#statistics(await content(LARGEST_DEFINITION));
    else if (op === Op.Schema || op === Op.Channel) {
      if (end - contentAt > LARGEST_DEFINITION)
        this.warn(`${this.file.path}: the definition at byte ${at} is too large; it is left out`);
      else this.#index.learnSafely(op, await content());
    }
  }

  #statistics(content: Uint8Array): void {
    try {
      this.#index.learnStatistics(content);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // without them there is less to compare with
    }
  }

  #message(head: Uint8Array, at: number, end: number): void {
    if (head.length < 14) return;
    const c = new ByteCursor(head);
    const channel = c.u16();
    c.u32(); // sequence
    const time = c.u64();
    if (this.#run && this.#run.offset + this.#run.length !== at) this.#closeRun();
    const run = (this.#run ??= { offset: at, length: 0, startNs: time, endNs: time, channels: new Set() });
    run.length = end - run.offset;
    if (time < run.startNs) run.startNs = time;
    if (time > run.endNs) run.endNs = time;
    run.channels.add(channel);
    this.#index.addCount(channel, 1);
    if (run.length >= RUN_BYTES) this.#closeRun();
  }

  #closeRun(): void {
    if (this.#run) this.#index.extents.push({ kind: 'run', ...this.#run, size: this.#run.length });
    this.#run = undefined;
  }

  async #addChunk(at: number, end: number): Promise<void> {
    this.#closeRun();
    try {
      const head = parseChunkHeader(await this.#window.read(at + RECORD_HEADER, CHUNK_HEADER_MAX));
      const { startNs, endNs, uncompressedSize: size } = head;
      const extent: McapExtent = { kind: 'chunk', offset: at, length: end - at, startNs, endNs, size };
      // A million of them would be read for nothing.
      const empty = size === 0 && head.recordsLength === 0;
      if (!empty) this.#index.extents.push(extent);
      this.#chunk = { extent, counts: new Map(), empty };
    } catch {
      this.warn(`${this.file.path}: the chunk at byte ${at} has no whole header; it is left out`);
    }
  }

  /** Takes the last chunk's channels from its message indexes, or from the chunk itself if they do not suffice. */
  async #settleChunk(): Promise<void> {
    if (!this.#chunk) return;
    const { extent, counts, empty } = this.#chunk;
    this.#chunk = undefined;
    const index = this.#index;
    // What the message indexes behind an empty chunk promise is told as lost when the messages are read.
    if (empty || (counts.size > 0 && [...counts.keys()].every((channel) => index.channels.has(channel)))) {
      for (const [channel, n] of counts) index.addCount(channel, n);
      return;
    }
    // What is wrong with it is reported when it is read, and what its message indexes promise is not there.
    const records = await loadRecords(this.#window, extent, () => undefined);
    const found = new Map<number, number>();
    forEachRecord(records ?? new Uint8Array(0), (op, content) => {
      if (op === Op.Message && content.length >= 22) {
        const channel = content[0]! | (content[1]! << 8);
        found.set(channel, (found.get(channel) ?? 0) + 1);
      } else index.learnSafely(op, content);
    });
    for (const channel of new Set([...found.keys(), ...counts.keys()]))
      index.addCount(channel, Math.max(found.get(channel) ?? 0, counts.get(channel) ?? 0));
  }
}
