import { parse } from 'yaml';

/** What metadata.yaml of a rosbag2 directory (or the metadata table of a .db3) says. */
export interface Rosbag2Metadata {
  readonly files: readonly string[];
  /** Messages per topic. */
  readonly counts: ReadonlyMap<string, number>;
  readonly compressionFormat: string;
  /** '', 'file' or 'message'. */
  readonly compressionMode: string;
}

/** undefined where the text is no such metadata. */
export function parseRosbag2Metadata(text: string): Rosbag2Metadata | undefined {
  let root: unknown;
  try {
    root = parse(text, { intAsBigInt: false });
  } catch {
    return undefined;
  }
  const info = field(root, 'rosbag2_bagfile_information') ?? root;
  const files = field(info, 'relative_file_paths');
  const topics = field(info, 'topics_with_message_count');
  if (!Array.isArray(files) && !Array.isArray(topics)) return undefined;
  const counts = new Map<string, number>();
  for (const topic of Array.isArray(topics) ? (topics as unknown[]) : []) {
    const name = field(field(topic, 'topic_metadata'), 'name');
    const count = field(topic, 'message_count');
    if (typeof name === 'string' && typeof count === 'number') counts.set(name, count);
  }
  return {
    files: (Array.isArray(files) ? (files as unknown[]) : []).map(String),
    counts,
    compressionFormat: String(field(info, 'compression_format') ?? '').toLowerCase(),
    compressionMode: String(field(info, 'compression_mode') ?? '').toLowerCase(),
  };
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
