// Files that claim or unpack to far more than they hold, or lead in circles.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MiB = 1 << 20;
const BLOCK = 1 << 17;
const text = (s) => Buffer.concat([u32(Buffer.byteLength(s)), Buffer.from(s)]);
const le = (bytes, write) => {
  const b = Buffer.alloc(bytes);
  write(b);
  return b;
};
const u16 = (v) => le(2, (b) => b.writeUInt16LE(v));
const u32 = (v) => le(4, (b) => b.writeUInt32LE(v));
const u64 = (v) => le(8, (b) => b.writeBigUInt64LE(BigInt(v)));
const times = (n, bytes) => Buffer.concat(Array.from({ length: n }, () => bytes));

/** A zstd frame: raw `start`, then `blocks` blocks that each repeat a zero byte `size` times. */
function zstd(blocks, { start = Buffer.alloc(0), size = BLOCK, window = 0x58, content } = {}) {
  const header = content === undefined ? [0x00, window] : [0xc0, window, ...u64(content)];
  const block = (kind, length, last) => u32((length << 3) | (kind << 1) | last).subarray(0, 3);
  const rle = (last) => Buffer.from([...block(1, size, last), 0]);
  const raw = start.length > 0 ? [block(0, start.length, 0), start] : [];
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header]),
    ...raw,
    times(blocks - 1, rle(0)),
    rle(1),
  ]);
}

function lz4(length) {
  const block = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), Buffer.alloc(length, 0xff), Buffer.from([0])]);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0xdf]),
    u32(block.length),
    block,
    u32(0),
  ]);
}

const record = (op, content) => Buffer.concat([Buffer.from([op]), u64(content.length), content]);
const SCHEMA = record(
  3,
  Buffer.concat([u16(1), text('sensor_msgs/msg/PointCloud2'), text('ros2msg'), text('x')]),
);
const CHANNEL = record(4, Buffer.concat([u16(1), u16(1), text('/points'), text('cdr'), u32(0)]));
const chunk = (data, size, kind) =>
  record(6, Buffer.concat([u64(1), u64(2), u64(size), u32(0), text(kind), u64(data.length), data]));
const MAGIC = Buffer.from('\x89MCAP0\r\n', 'latin1');
const END = Buffer.concat([record(15, u32(0)), record(2, Buffer.alloc(20)), MAGIC]);
const mcap = (...records) =>
  Buffer.concat([
    MAGIC,
    record(1, Buffer.concat([text('ros2'), text('x')])),
    SCHEMA,
    CHANNEL,
    ...records,
    END,
  ]);

const message = (length) =>
  Buffer.concat([Buffer.from([5]), u64(22 + length), u16(1), u32(0), u64(1), u64(1)]);
/** A chunk with one message of about `mib` MiB. */
function largeMessage(mib) {
  const blocks = mib * (MiB / BLOCK);
  const start = message(blocks * BLOCK);
  return chunk(zstd(blocks, { start }), start.length + blocks * BLOCK, 'zstd');
}
/** The same, but with an index that says it unpacks to nothing. */
function indexed(count, mib) {
  const head = Buffer.concat([MAGIC, record(1, Buffer.concat([text('ros2'), text('x')])), SCHEMA, CHANNEL]);
  const one = largeMessage(mib);
  const index = (at) =>
    record(
      8,
      Buffer.concat([u64(1), u64(2), u64(at), u64(one.length), u32(0), u64(0), text('zstd'), u64(0), u64(0)]),
    );
  const start = head.length + count * one.length + 13;
  const summary = [
    SCHEMA,
    CHANNEL,
    ...Array.from({ length: count }, (_, i) => index(head.length + i * one.length)),
  ];
  const footer = record(2, Buffer.concat([u64(start), u64(0), u32(0)]));
  return Buffer.concat([head, times(count, one), record(15, u32(0)), ...summary, footer, MAGIC]);
}

function bag(data, size, compression) {
  const fields = (list) => {
    const h = Buffer.concat(
      list.map(([k, v]) => Buffer.concat([u32(k.length + 1 + v.length), Buffer.from(`${k}=`), v])),
    );
    return Buffer.concat([u32(h.length), h]);
  };
  const entry = (list, content) => Buffer.concat([fields(list), u32(content.length), content]);
  const op = (n) => ['op', Buffer.from([n])];
  const header = entry(
    [op(3), ['index_pos', u64(0)], ['conn_count', u32(1)], ['chunk_count', u32(1)]],
    Buffer.alloc(4000, 32),
  );
  return Buffer.concat([
    Buffer.from('#ROSBAG V2.0\n'),
    header,
    entry([op(5), ['compression', Buffer.from(compression)], ['size', u32(size)]], data),
  ]);
}

const PAGE = 4096;
const varint = (v) => (v < 128 ? [v] : [...varint(Math.floor(v / 128)).map((b) => b | 128), v % 128]);
/** A record: texts, numbers of 32 bits, bytes and nulls. */
function row(values) {
  const types = values.map((v) =>
    v === null ? [0] : typeof v === 'number' ? [4] : varint(v.length * 2 + (typeof v === 'string' ? 13 : 12)),
  );
  const body = values.map((v) =>
    v === null ? Buffer.alloc(0) : typeof v === 'number' ? le(4, (b) => b.writeInt32BE(v)) : Buffer.from(v),
  );
  const length = 1 + types.flat().length;
  return Buffer.concat([Buffer.from([length, ...types.flat()]), ...body]);
}
/** A leaf page of a table. */
function leaf(rows, first = false) {
  const page = Buffer.alloc(PAGE);
  const at = first ? 100 : 0;
  page[at] = 13;
  page.writeUInt16BE(rows.length, at + 3);
  let end = PAGE;
  rows.forEach(([id, values], i) => {
    const payload = row(values);
    const cell = Buffer.concat([Buffer.from([...varint(payload.length), ...varint(id)]), payload]);
    end -= cell.length;
    cell.copy(page, end);
    page.writeUInt16BE(end, at + 8 + 2 * i);
  });
  return page;
}
/** An inner page of a table whose children are all the same page. */
function inner(children, child) {
  const page = Buffer.alloc(PAGE);
  page[0] = 5;
  page.writeUInt16BE(children, 3);
  page.writeUInt32BE(child, 8);
  const at = 12 + 2 * children;
  for (let i = 0; i < children; i++) page.writeUInt16BE(at, 12 + 2 * i);
  page.writeUInt32BE(child, at);
  page[at + 4] = 1;
  return page;
}
/** A rosbag2 database whose messages lie in the given pages, from page 3 on. */
function db3(...pages) {
  const table = (id, name, root, sql) => [id, ['table', name, name, root, sql]];
  const first = leaf(
    [
      table(
        1,
        'topics',
        2,
        'CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT,type TEXT,serialization_format TEXT,offered_qos_profiles TEXT)',
      ),
      table(
        2,
        'messages',
        3,
        'CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER,timestamp INTEGER,data BLOB)',
      ),
    ],
    true,
  );
  first.write('SQLite format 3\0');
  first.writeUInt16BE(PAGE, 16);
  first.set([1, 1, 0, 64, 32, 32], 18);
  first.writeUInt32BE(2 + pages.length, 28);
  first.writeUInt32BE(1, 56);
  return Buffer.concat([
    first,
    leaf([[1, [null, '/points', 'sensor_msgs/msg/PointCloud2', 'cdr', '']]]),
    ...pages,
  ]);
}

const METADATA = 'rosbag2_bagfile_information:\n  relative_file_paths: [a.db3]\n';
const plain = db3(leaf([[1, [null, 1, 1000, Buffer.alloc(100)]]]));

/** Each file (or folder of files) by name; made when it is asked for. */
const FILES = {
  'zstd, 100 GB, claims 1 kB.mcap': () => mcap(chunk(zstd(800_000), 1000, 'zstd')),
  'zstd, 100 GB, claims 100 MB.mcap': () => mcap(chunk(zstd(800_000), 100 * MiB, 'zstd')),
  'zstd, 100 GB, claims 500 MB.mcap': () => mcap(chunk(zstd(800_000), 500 * MiB, 'zstd')),
  'zstd, frame claims 100 GB.mcap': () => mcap(chunk(zstd(8, { content: 1e11 }), MiB, 'zstd')),
  'zstd, tiny blocks, 128 MiB window.mcap': () =>
    mcap(chunk(zstd(300_000, { size: 1, window: 0x88 }), MiB, 'zstd')),
  'lz4, 1 GB, claims 100 MB.mcap': () => mcap(chunk(lz4(4 * MiB), 100 * MiB, 'lz4')),
  '12 chunks of 400 MiB.mcap': () => mcap(...Array.from({ length: 12 }, () => largeMessage(400))),
  '12 overlapping chunks of 100 MiB.mcap': () => mcap(...Array.from({ length: 12 }, () => largeMessage(100))),
  '12 chunks of 100 MiB, index says 0.mcap': () => indexed(12, 100),
  '2 million empty messages in a chunk.mcap': async () =>
    mcap(chunk(await repeated(message(0), 2_000_000), 31 * 2_000_000, 'zstd')),
  'a million empty chunks.mcap': () => mcap(times(1_000_000, chunk(Buffer.alloc(0), 0, ''))),
  'a million empty private records in chunks.mcap': () =>
    mcap(times(1_000_000, chunk(record(0x80, Buffer.alloc(0)), 9, ''))),
  'bz2, claims 4 GB.bag': () => bag(bz2(), 0xffffffff, 'bz2'),
  'bz2, 900 GB, claims 100 MB.bag': () => bag(times(20_000, bz2()), 100 * MiB, 'bz2'),
  'bz2, 900 GB, claims 1 kB.bag': () => bag(times(20_000, bz2()), 1000, 'bz2'),
  'lz4, claims 4 GB.bag': () => bag(lz4(4 * MiB), 0xffffffff, 'lz4'),
  'pages that all have the same child.db3': () =>
    db3(
      ...Array.from({ length: 18 }, (_, i) => inner(300, 4 + i)),
      leaf([[1, [null, 1, 1000, Buffer.alloc(9)]]]),
    ),
  'a page that is its own child.db3': () => db3(inner(300, 3)),
  'messages of 110 MiB each in 4 kB.db3': () =>
    db3(inner(40, 4), leaf([[1, [null, 1, 1000, zstd(880).subarray(0, 3800)]]])),
  'one message of 20 GB.db3': () => db3(leaf([[1, [null, 1, 1000, zstd(900, { content: 2e10 })]]])),
  '20 GB.db3.zstd': () => zstd(160_000, { start: plain }),
  'tiny blocks, 128 MiB window.db3.zstd': () => zstd(300_000, { start: plain, size: 1, window: 0x88 }),
  'large metadata': () => ({ 'metadata.yaml': METADATA + '# '.repeat(50 * MiB), 'a.db3': plain }),
  'metadata in knots': () => ({ 'metadata.yaml': METADATA + aliases(), 'a.db3': plain }),
  'deep metadata': () => ({ 'metadata.yaml': METADATA + `x: ${'['.repeat(MiB)}`, 'a.db3': plain }),
  'metadata that is a pipe': () => ({ 'metadata.yaml': null, 'a.db3': plain }),
  'a pipe among the files': () => ({ 'metadata.yaml': METADATA, 'a.db3': null }),
  'a pipe.mcap': () => null,
};

async function repeated(bytes, count) {
  const { default: codec } = await import('@foxglove/wasm-zstd');
  await codec.isLoaded;
  return Buffer.from(codec.compress(times(count, bytes), 3));
}

/** 45 MB of zeros as bzip2, in 46 bytes. */
function bz2() {
  return execFileSync('bzip2', ['-9', '-c'], { input: Buffer.alloc(45_000_000), maxBuffer: MiB });
}

function aliases() {
  const lines = ['x0: &x0 [a,a,a,a,a,a,a,a,a,a]'];
  for (let i = 1; i < 12; i++)
    lines.push(
      `x${i}: &x${i} [${Array(10)
        .fill(`*x${i - 1}`)
        .join(',')}]`,
    );
  return lines.map((line) => `${line}\n`).join('');
}

export const HOSTILE = Object.keys(FILES);

/** Writes one of {@link HOSTILE} into a folder. Returns its path. */
export async function writeHostile(folder, name) {
  const path = join(folder, name);
  const put = (at, content) => {
    mkdirSync(dirname(at), { recursive: true });
    if (content === null) execFileSync('mkfifo', [at]);
    else writeFileSync(at, content);
  };
  const content = await FILES[name]();
  if (content === null || Buffer.isBuffer(content)) put(path, content);
  else for (const [file, bytes] of Object.entries(content)) put(join(path, file), bytes);
  return path;
}
