import { compose, inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import type { Trajectory } from '../../slam/trajectory.js';
import type { ViewerSink } from '../../viewer/server/source.js';
import type { TouchEvent } from '../protocol.js';
import { encodeJpeg } from './jpeg.js';

/** Patches that are shown; then the oldest gives way. */
const MOST_PATCHES = 1000;
/** Points of each that are shown. */
const MOST_POINTS = 300;
/** Picture streams of tactile sensors come after those of cameras, the first with this number; the server takes sixteen in all. */
const FIRST_STREAM = 8;
/** What a viewer is told of the first. */
export const TOUCH_STREAM = { stream: FIRST_STREAM, name: 'touch', kind: 'tactile' } as const;
/** Sensors whose pictures are shown. */
const MOST_STREAMS = 8;

/**
 * Touches in the viewer: where each was felt, and what its sensor saw of it last.
 *
 * @example
 * const shown = new ShownTouches(server, trajectory);
 * slam.listen((event) => event.type === 'touch' && shown.take(event));
 */
export class ShownTouches {
  readonly #streams = new Map<string, number>();
  #count = 0;

  constructor(
    private readonly sink: Pick<ViewerSink, 'touch' | 'image'>,
    private readonly trajectory: Pick<Trajectory, 'submap'>,
  ) {}

  take({ sensor, submap, result, picture }: TouchEvent): void {
    const { touch, pose, stampNs } = result;
    const stream = this.#streamOf(sensor);
    // A picture that cannot be packed is missing in a corner of the page, and nothing else.
    if (picture && stream !== undefined)
      void encodeJpeg(picture)
        .then((jpeg) =>
          this.sink.image({ stream, stampNs, width: picture.width, height: picture.height, jpeg }),
        )
        .catch(() => undefined);
    const T = compose(inverse(this.trajectory.submap(submap)), pose);
    const positions = placed(T, touch.points);
    if (positions.length === 0) return;
    const center = middle(positions);
    let radius = 0;
    for (let i = 0; i < positions.length; i += 3)
      radius = Math.max(
        radius,
        Math.hypot(positions[i]! - center[0], positions[i + 1]! - center[1], positions[i + 2]! - center[2]),
      );
    // Out of what is touched, into the gel: against its axis.
    const normal = [-T[2]!, -T[6]!, -T[10]!] as const;
    this.sink.touch({
      id: this.#count++ % MOST_PATCHES,
      submap,
      stampNs,
      center,
      normal,
      radius,
      positions,
    });
  }

  /** The map starts anew. */
  reset(): void {
    this.#count = 0;
  }

  #streamOf(sensor: string): number | undefined {
    const known = this.#streams.get(sensor);
    if (known !== undefined || this.#streams.size >= MOST_STREAMS) return known;
    const stream = FIRST_STREAM + this.#streams.size;
    this.#streams.set(sensor, stream);
    return stream;
  }
}

/** Points where they are by a pose, some of them; those that are not numbers are left out. */
function placed(T: Pose, points: Float32Array): Float32Array {
  const step = Math.max(1, Math.ceil(points.length / 3 / MOST_POINTS));
  const out: number[] = [];
  for (let i = 0; i + 2 < points.length; i += 3 * step) {
    const p = transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!);
    if (p.every(Number.isFinite)) out.push(...p);
  }
  return Float32Array.from(out);
}

function middle(positions: Float32Array): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < positions.length; i++) sum[i % 3]! += (3 * positions[i]!) / positions.length;
  return sum;
}
