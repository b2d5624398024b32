import { stat } from 'node:fs/promises';
import { McapBagWriter } from '../bags/mcap-writer.js';
import { openBag } from '../bags/reader.js';
import { ros2Schema } from '../bags/schemas.js';
import { openScanSource } from '../bags/source.js';
import type { BagReader, TopicInfo } from '../bags/types.js';
import { FeltmapError } from '../geometry/errors.js';
import { ros1ToCdr } from '../messages/transcode.js';
import { printable } from './printable.js';

export interface ConvertResult {
  readonly output: string;
  /** Messages written, by topic. */
  readonly written: Record<string, number>;
  readonly warnings: readonly string[];
}

export interface ConvertOptions {
  /** Called now and then with the number of messages written so far. */
  readonly onProgress?: (messages: number) => void;
  /** Columns of .bin files, where they are given. */
  readonly layout?: string;
  /** Ends it; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * Writes any recording as MCAP with ROS 2 messages. ROS 1 messages of the types that Feltmap knows become CDR; others
 * are left out with a warning. ROS 2 messages are copied as they are. KITTI and other folders of scans become a
 * PointCloud2 topic. Throws FeltmapError; on failure, and when it is aborted (with the signal's
 * reason), no output is left behind.
 */
export async function convertRecording(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<ConvertResult> {
  const [from, to] = await Promise.all([
    stat(input).catch(() => undefined),
    stat(output).catch(() => undefined),
  ]);
  if (from && to && from.ino === to.ino && from.dev === to.dev) {
    throw new FeltmapError('bad-config', `${output} is the input itself; choose another name for the output`);
  }
  const bag = await openAsBag(input);
  const writer = await McapBagWriter.create(output).catch(async (error: unknown) => {
    await bag?.close();
    throw error;
  });
  try {
    const count = counter(options);
    const warnings = bag
      ? await copyBag(bag, writer, count.add)
      : await copyScans(input, options.layout, writer, count.add);
    if (Object.keys(count.written).length === 0) {
      throw new FeltmapError(
        'bad-input',
        `${input} holds nothing that can be converted: ${warnings[0] ?? 'it is empty'}`,
      );
    }
    await writer.close();
    return { output, written: count.written, warnings };
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    await bag?.close();
  }
}

function counter(options: ConvertOptions) {
  const written: Record<string, number> = {};
  let total = 0;
  const add = (topic: string): void => {
    options.signal?.throwIfAborted();
    written[topic] = (written[topic] ?? 0) + 1;
    if (++total % 100 === 0) options.onProgress?.(total);
  };
  return { written, add };
}

/** undefined for folders of scans, which {@link openScanSource} reads. */
async function openAsBag(input: string): Promise<BagReader | undefined> {
  try {
    return await openBag(input);
  } catch (error) {
    const isDir = await stat(input).then(
      (s) => s.isDirectory(),
      () => false,
    );
    if (isDir && error instanceof FeltmapError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

/** How to write a topic's messages; a text says why they cannot be. */
function planTopic(topic: TopicInfo): { schema: string; convert: (b: Uint8Array) => Uint8Array } | string {
  if (topic.encoding === 'ros1') {
    const convert = ros1ToCdr(topic.type);
    return convert
      ? { schema: ros2Schema(topic.type)!, convert }
      : `${topic.type} is not known in ROS 1 form`;
  }
  const schema = topic.schema || ros2Schema(topic.type);
  return schema ? { schema, convert: (b) => b } : `the recording holds no definition of ${topic.type}`;
}

async function copyBag(
  bag: BagReader,
  writer: McapBagWriter,
  add: (topic: string) => void,
): Promise<string[]> {
  const warnings: string[] = [];
  const plans = new Map<string, Exclude<ReturnType<typeof planTopic>, string>>();
  for (const topic of bag.topics()) {
    const plan = planTopic(topic);
    if (typeof plan !== 'string') plans.set(topic.name, plan);
    else if (topic.count !== 0) {
      const count = topic.count === undefined ? '' : ` (${topic.count} messages)`;
      warnings.push(`${topic.name}${count} is left out: ${plan}`);
    }
  }
  const damaged = new Map<string, number>();
  for await (const message of bag.messages({ topics: [...plans.keys()] })) {
    const plan = plans.get(message.topic)!;
    let data: Uint8Array;
    try {
      data = plan.convert(message.data);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      damaged.set(message.topic, (damaged.get(message.topic) ?? 0) + 1);
      continue;
    }
    await writer.writeRaw(message.topic, message.type, message.logTimeNs, data, plan.schema);
    add(message.topic);
  }
  for (const [topic, n] of damaged) warnings.push(`${topic}: ${n} damaged message(s) are left out`);
  return [...bag.warnings, ...warnings];
}

async function copyScans(
  input: string,
  layout: string | undefined,
  writer: McapBagWriter,
  add: (topic: string) => void,
): Promise<string[]> {
  const source = await openScanSource(input, layout === undefined ? {} : { layout });
  try {
    if (source.sensor !== 'lidar')
      throw new FeltmapError(
        'unsupported',
        `${input} is a folder of colour and depth images, which cannot be converted; give it to feltmap replay as it is`,
      );
    const topic = source.sensorFrame === 'velodyne' ? '/velodyne_points' : '/points';
    for await (const scan of source.scans()) {
      await writer.writeScan(topic, scan);
      add(topic);
    }
    return [...source.warnings];
  } finally {
    await source.close();
  }
}

/** The result as lines for people. */
export function describeConversion(result: ConvertResult): string {
  const lines = Object.entries(result.written).map(([topic, n]) => `  ${printable(topic)}: ${n} messages`);
  return [`${result.output}`, ...lines, ...result.warnings.map((w) => `warning: ${printable(w)}`)].join('\n');
}
