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

/** Thousands of topics and files take less; a parser needs thirty times the size. */
export const LARGEST_METADATA = 4 * 1024 * 1024;

/** Open brackets at one place; a handful in real metadata. */
const DEEPEST = 200;

/** undefined where the text is no such metadata, or too long for any. */
export function parseRosbag2Metadata(text: string): Rosbag2Metadata | undefined {
  if (text.length > LARGEST_METADATA || isNestedDeeply(text)) return undefined;
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

/** Parsers take seconds and much memory for what is nested without end. */
function isNestedDeeply(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) depth++;
    else if ((c === 0x5d || c === 0x7d) && depth > 0) depth--;
    if (depth > DEEPEST) return true;
  }
  return /(?:[-?:][ \t]+){100}/.test(text);
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
