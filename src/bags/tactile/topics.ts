import { FeltmapError } from '../../geometry/errors.js';
import type { TouchInput } from '../../images/decode-touch.js';
import { readHeader } from '../../messages/header.js';
import { ROS_TYPES } from '../../messages/types.js';
import { WireReader } from '../../messages/wire.js';
import { frameName } from '../../messages/tf-buffer.js';
import type { BagMessage, BagReader, TopicInfo } from '../types.js';

/** A topic of a tactile sensor. */
export interface TouchTopic {
  readonly name: string;
  readonly type: string;
  readonly count?: number;
  readonly frameId: string;
  readonly input: TouchInput;
}

/** Value of the option that leaves tactile sensors out. */
const NO_TOUCH = 'none';

const NAME = /tactile|touch|gel_?sight|gelslim|9dtact|(^|[/_])(digit|gel|taxels?)\d*([/_]|$)/i;
const TYPES: readonly string[] = [ROS_TYPES.image, ROS_TYPES.compressedImage, ROS_TYPES.pointCloud2];

/** Whether a topic is a tactile sensor's, by its name: cameras and LiDARs have others. */
export function isTouchName(name: string): boolean {
  return NAME.test(name);
}

/**
 * The tactile topics of a bag, one for each sensor by its frame: depths before pictures where their scale is known,
 * pictures where there is a calibration, then points.
 *
 * @param wanted names, or none; by their own names unless given
 * @throws FeltmapError not-found for a wanted topic that is missing or of another type
 */
export async function touchTopics(
  bag: BagReader,
  path: string,
  { wanted, order }: { readonly wanted?: readonly string[]; readonly order: readonly TouchInput[] },
): Promise<TouchTopic[]> {
  if (wanted?.includes(NO_TOUCH)) return [];
  const all = bag.topics().filter((topic) => TYPES.includes(topic.type) && topic.count !== 0);
  for (const name of wanted ?? [])
    if (!all.some((topic) => topic.name === name))
      throw new FeltmapError(
        'not-found',
        `${path} has no image or cloud topic ${name} of a tactile sensor; topics of these types: ${all.map((t) => t.name).join(', ') || 'none'}`,
      );
  const found: TouchTopic[] = [];
  for (const topic of all.filter(({ name }) => (wanted ? wanted.includes(name) : isTouchName(name)))) {
    const looked = await look(bag, topic);
    if (looked) found.push(looked);
  }
  if (wanted) return found;
  const best = new Map<string, TouchTopic>();
  const rank = ({ input }: TouchTopic): number =>
    order.includes(input) ? order.indexOf(input) : order.length;
  for (const topic of found) {
    const frame = frameName(topic.frameId);
    const other = best.get(frame);
    if (!other || rank(topic) < rank(other)) best.set(frame, topic);
  }
  return [...best.values()];
}

/** By its first message that can be read. */
async function look(bag: BagReader, topic: TopicInfo): Promise<TouchTopic | undefined> {
  const { name, type, count } = topic;
  for await (const message of bag.messages({ topics: [name] })) {
    try {
      const { frameId, input } = first(message);
      return { name, type, frameId, input, ...(count !== undefined && { count }) };
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      return undefined;
    }
  }
  return undefined;
}

function first({ data, encoding, type }: BagMessage): Pick<TouchTopic, 'frameId' | 'input'> {
  const reader = new WireReader(data, encoding, type);
  const { frameId } = readHeader(reader);
  if (type === ROS_TYPES.pointCloud2) return { frameId, input: 'points' };
  if (type === ROS_TYPES.image) {
    reader.uint32();
    reader.uint32();
  }
  const format = reader.string();
  return { frameId, input: /^(32FC1|16UC1|mono16)/.test(format) ? 'depth' : 'image' };
}
