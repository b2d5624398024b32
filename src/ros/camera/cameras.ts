import type { SlamService } from '../../host/client.js';
import type { TfBuffer } from '../../messages/tf-buffer.js';
import type { RosPort } from '../port.js';
import type { ScanIntake } from '../scan-intake.js';
import type { ThrottledLog } from '../throttle.js';
import { CameraIntake } from './camera-intake.js';
import { CloudIntake } from './cloud-intake.js';
import { ColorIntake } from './color-intake.js';
import type { CameraInput, CameraTopics } from './topics.js';

interface Parts {
  readonly intake: ScanIntake;
  readonly tf: TfBuffer;
  readonly log: ThrottledLog;
  readonly slam: () => SlamService | undefined;
}

/** What a camera does with the messages of each of its topics. @returns whether a frame waits now */
interface Taker {
  take(input: CameraInput, type: string, bytes: Uint8Array): boolean;
  clear(): void;
}

/**
 * The cameras of a node.
 *
 * @example
 * const cameras = new Cameras(camerasOf(parameters), port, { intake, tf, log, slam });
 * if (cameras.take(0, 'depth', 'sensor_msgs/msg/Image', bytes)) pump.pump();
 */
export class Cameras {
  readonly #takers: readonly Taker[];

  constructor(cameras: readonly CameraTopics[], port: RosPort, parts: Parts) {
    this.#takers = cameras.map((camera, index) => makeTaker(camera, index, port, parts));
  }

  /**
   * A message of a camera, CDR.
   *
   * @param index position among the cameras
   * @param type of the message, where images come raw or compressed
   * @returns whether a frame waits now
   */
  take(index: number, input: CameraInput, type: string, bytes: Uint8Array): boolean {
    return this.#takers[index]!.take(input, type, bytes);
  }

  /** Forgets images that wait for a partner. */
  clear(): void {
    for (const taker of this.#takers) taker.clear();
  }
}

function makeTaker({ topics }: CameraTopics, index: number, port: RosPort, parts: Parts): Taker {
  const of = (input: CameraInput): string | undefined => topics.find((t) => t.input === input)?.name;
  const points = of('points');
  if (points !== undefined) {
    const camera = new CloudIntake({ topic: port.resolve(points), index, ...parts });
    return { take: (_, _type, bytes) => camera.points(bytes), clear: () => undefined };
  }
  const images = of('image');
  if (images !== undefined) {
    const [topic, info] = [port.resolve(images), port.resolve(of('imageInfo')!)];
    const camera = new ColorIntake({ topic, info, index, ...parts });
    return {
      take: (input, type, bytes) => {
        if (input === 'imageInfo') camera.info(bytes);
        else void camera.image(type, bytes);
        return false;
      },
      clear: () => undefined,
    };
  }
  // People know a topic by its full name.
  const named = (name: string): { name: string; full: string } => {
    const full = port.resolve(name);
    return { name: full, full };
  };
  const [color, colorInfo] = [of('color'), of('colorInfo')];
  const camera = new CameraIntake({
    topics: {
      depth: named(of('depth')!),
      info: of('info')!,
      ...(color !== undefined && { color: { ...named(color), info: colorInfo! } }),
    },
    index,
    ...parts,
  });
  return {
    take: (input, type, bytes) => {
      if (input === 'depth') return camera.depth(type, bytes);
      if (input === 'color') return camera.color(type, bytes);
      if (input === 'info') camera.info(bytes);
      else camera.colorInfo(bytes);
      return false;
    },
    clear: () => camera.clear(),
  };
}
