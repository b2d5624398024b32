import type { TouchesRefined, TouchEvent } from '../../host/protocol.js';
import {
  bareMarker,
  encodeMarkerArray,
  MarkerAction,
  MarkerType,
  type Marker,
} from '../../messages/markers.js';
import type { TouchState } from '../../slam/touch/judge.js';
import { Newcomers } from '../newcomers.js';
import type { RosPort } from '../port.js';

/** Patches that are shown of each sensor; then the oldest gives way. */
const MOST_PATCHES = 200;
/** Side of a point (m). */
const POINT = 0.0008;
/** By how far a touch's pose is to be trusted; r g b a. */
const COLORS: Readonly<Record<TouchState, readonly [number, number, number, number]>> = {
  registered: [0.1, 0.85, 0.4, 1],
  sliding: [0.95, 0.85, 0.1, 1],
  unknown: [0.25, 0.6, 1, 1],
  kinematic: [1, 0.35, 0.1, 1],
};

/** A touch as it is shown. */
interface Patch {
  /** Number of the observation. */
  readonly index: number;
  readonly marker: Marker;
}

/**
 * Publishes where touches were felt, a marker each: green where they were registered, yellow where they may slide, blue
 * where nothing was mapped before, orange where they do not fit.
 *
 * @example
 * const output = new TouchOutput(port, 'odom');
 * slam.listen((event) => event.type === 'touch' && output.take(event));
 */
export class TouchOutput {
  readonly #counts = new Map<string, number>();
  readonly #patches = new Map<string, Patch[]>();
  readonly #newcomers: Newcomers;

  /** @param frame of the map */
  constructor(
    private readonly port: RosPort,
    private readonly frame: string,
  ) {
    this.#newcomers = new Newcomers(port, 'touch');
  }

  take({ sensor, result }: TouchEvent): void {
    const { index, touch, pose, stampNs } = result;
    if (touch.points.length === 0) return;
    const count = this.#counts.get(sensor) ?? 0;
    this.#counts.set(sensor, count + 1);
    const marker: Marker = {
      stampNs,
      frameId: this.frame,
      ns: sensor,
      id: count % MOST_PATCHES,
      type: MarkerType.points,
      action: MarkerAction.add,
      pose,
      scale: [POINT, POINT, POINT],
      color: COLORS[touch.state],
      points: Float64Array.from(touch.points),
      colors: new Float32Array(0),
    };
    const patches = this.#patches.get(sensor) ?? [];
    this.#patches.set(sensor, patches);
    patches[marker.id] = { index, marker };
    if (this.port.listeners('touch') > 0) this.port.publish('touch', encodeMarkerArray([marker]));
  }

  /** Touches are elsewhere than was said when they came. */
  move({ touches }: TouchesRefined): void {
    const poses = new Map(touches.map(({ index, pose }) => [index, pose]));
    const moved: Marker[] = [];
    for (const patches of this.#patches.values())
      patches.forEach(({ index, marker }, i) => {
        const pose = poses.get(index);
        if (!pose) return;
        patches[i] = { index, marker: { ...marker, pose } };
        moved.push(patches[i].marker);
      });
    if (moved.length > 0 && this.port.listeners('touch') > 0)
      this.port.publish('touch', encodeMarkerArray(moved));
  }

  /** Sends all patches again where somebody new listens. */
  serveNewcomers(): void {
    const all = [...this.#patches.values()].flat().map(({ marker }) => marker);
    if (this.#newcomers.arrived() && all.length > 0) this.port.publish('touch', encodeMarkerArray(all));
  }

  /** The map starts anew. */
  reset(): void {
    const gone = [...this.#patches.values()]
      .flat()
      .map(({ marker: { stampNs, frameId, ns, id } }) =>
        bareMarker({ stampNs, frameId }, ns, id, MarkerAction.delete),
      );
    if (gone.length > 0 && this.port.listeners('touch') > 0)
      this.port.publish('touch', encodeMarkerArray(gone));
    this.#patches.clear();
    this.#counts.clear();
  }
}
