import { FeltmapError } from '../../geometry/errors.js';
import { readHeader } from '../../messages/header.js';
import { type Encoding, WireReader } from '../../messages/wire.js';
import { fingerprint } from '../../sensors/fingerprint.js';
import { type StampedKind, StampedMessages } from '../stamped-messages.js';
import type { BagMessage } from '../types.js';

/** Bytes of a message that hold its header, which differs in each. */
const HEADER_BYTES = 64;

/** An image message whose pixels are not decoded yet. */
export interface RawImage {
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  /** When it was recorded. */
  readonly logTimeNs: bigint;
  readonly frameId: string;
  readonly topic: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly encoding: Encoding;
}

/** The message with its stamp and bytes of its own; undefined where its header cannot be read. */
export function rawImage({ topic, type, logTimeNs, data, encoding }: BagMessage): RawImage | undefined {
  try {
    const header = readHeader(new WireReader(data, encoding, type));
    return { ...header, logTimeNs, topic, type, data: data.slice(), encoding };
  } catch (error) {
    if (error instanceof FeltmapError) return undefined;
    throw error;
  }
}

/** Stamps of the images of a topic. @param startsAtZero whether zero is known to be the stamp of the first one */
export function stampedImages(topic: string, startsAtZero = false): StampedMessages<RawImage> {
  const kind: StampedKind<RawImage> = {
    noun: 'image',
    fingerprint: ({ data }) => fingerprint(data, Math.min(HEADER_BYTES, data.length)),
    startsAtZero,
  };
  return new StampedMessages(topic, kind);
}
