import { sigmaColors } from '../../completion/sigma-colors.js';
import type { NextTouch } from '../../completion/next-touch.js';
import { identity, type Pose } from '../../geometry/se3.js';
import { SIGMA_RANGE, type CompletedRegion } from '../../host/completion/complete-surface.js';
import type { ObjectEvent } from '../../host/completion/object-completer.js';
import type { Header } from '../../messages/header.js';
import {
  bareMarker,
  encodeMarkerArray,
  type Marker,
  MarkerAction,
  MarkerType,
} from '../../messages/markers.js';
import { encodePoseStamped } from '../../messages/poses.js';
import { Newcomers } from '../newcomers.js';
import type { RosPort } from '../port.js';

export interface CompletionOutputOptions {
  /** Frame of everything that is published. */
  readonly frame: string;
  /** Stamp of messages. */
  readonly stampNs: () => bigint;
  /** Namespace of an object's marker before its number. Default `object`. */
  readonly namespace?: string;
}

/** What is behind an object stays to be seen. */
const ALPHA = 0.6;

/**
 * Publishes completed objects and where to touch next. Each object has a marker with a namespace of its own; only what has
 * changed is sent, to new subscribers everything.
 *
 * @example
 * const output = new CompletionOutput(port, { frame: 'odom', stampNs: () => port.now() });
 * completer.listen((event) => output.take(event));
 * output.serveNewcomers(); // now and then
 */
export class CompletionOutput {
  readonly #objects = new Map<number, CompletedRegion>();
  readonly #newcomers: Newcomers;

  constructor(
    private readonly port: RosPort,
    private readonly options: CompletionOutputOptions,
  ) {
    this.#newcomers = new Newcomers(port, 'completion');
  }

  take(event: ObjectEvent): void {
    if (event.type === 'object') {
      this.#objects.set(event.id, event.object);
      this.#publish([this.#marker(event.id, event.object)]);
      this.#publishTouch();
    } else if (event.type === 'object-gone' && this.#objects.delete(event.id)) {
      this.#publish([bareMarker(this.#header, this.#namespace(event.id), 0, MarkerAction.delete)]);
      // A touch of what is gone must not stay the last one that was heard of.
      this.#publishTouch();
    }
  }

  /** Sends all objects again where somebody new listens. */
  serveNewcomers(): void {
    if (!this.#newcomers.arrived() || this.#objects.size === 0) return;
    this.#publish([...this.#objects].map(([id, object]) => this.#marker(id, object)));
  }

  #namespace(id: number): string {
    return `${this.options.namespace ?? 'object'}_${id}`;
  }

  get #header(): Header {
    return { stampNs: this.options.stampNs(), frameId: this.options.frame };
  }

  #publish(markers: readonly Marker[]): void {
    // One message an object, so that a latched topic of depth 10 holds whole objects.
    for (const marker of markers) this.port.publish('completion', encodeMarkerArray([marker]));
  }

  /** Of all objects, the place that is expected to tell most. */
  #publishTouch(): void {
    const touches = [...this.#objects.values()].flatMap(({ next }) => next ?? []);
    if (touches.length === 0) return;
    const best = touches.reduce((a, b) => (b.gain > a.gain ? b : a));
    this.port.publish('next_touch', encodePoseStamped({ ...this.#header, pose: touchPose(best) }));
  }

  #marker(id: number, { mesh }: CompletedRegion): Marker {
    const { positions, indices, sigmas } = mesh;
    const tints = sigmaColors(sigmas, SIGMA_RANGE);
    const points = new Float64Array(3 * indices.length);
    const colors = new Float32Array(4 * indices.length);
    for (let i = 0; i < indices.length; i++) {
      const v = indices[i]!;
      for (let c = 0; c < 3; c++) {
        points[3 * i + c] = positions[3 * v + c]!;
        colors[4 * i + c] = tints[3 * v + c]! / 255;
      }
      colors[4 * i + 3] = ALPHA;
    }
    return {
      ...this.#header,
      ns: this.#namespace(id),
      id: 0,
      type: MarkerType.triangleList,
      action: MarkerAction.add,
      pose: identity(),
      scale: [1, 1, 1],
      color: [1, 1, 1, ALPHA],
      points,
      colors,
    };
  }
}

/** Pose at the place to touch whose x axis is the approach direction, and whose y axis lies as level as it can. */
export function touchPose({ point, approach: [ax, ay, az] }: Pick<NextTouch, 'point' | 'approach'>): Pose {
  // y = z × x, level; straight up or down any level direction will do.
  const length = Math.hypot(ax, ay);
  const [yx, yy] = length > 1e-6 ? [-ay / length, ax / length] : [0, 1];
  // z = x × y
  const [zx, zy, zz] = [-az * yy, az * yx, ax * yy - ay * yx];
  return Float64Array.of(ax, yx, zx, point[0], ay, yy, zy, point[1], az, 0, zz, point[2]);
}
