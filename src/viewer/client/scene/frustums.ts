import { Group } from 'three';
import { LineMaterial } from 'three/addons/lines/LineMaterial.js';
import { LineSegments2 } from 'three/addons/lines/LineSegments2.js';
import { LineSegmentsGeometry } from 'three/addons/lines/LineSegmentsGeometry.js';
import { compose } from '../../../geometry/se3.js';
import type { CameraFrame } from '../../protocol/index.js';
import type { SubmapPoses } from '../model/trajectory-store.js';
import { matrixOf } from './transforms.js';

/**
 * Where cameras are and what they see: a pyramid of lines from each, with a mark above its upper side.
 *
 * @example
 * const frustums = new Frustums(submaps);
 * frustums.size = 0.5; // metres
 * frustums.put(frame);
 * scene.add(frustums.root);
 */
export class Frustums {
  readonly root = new Group();
  /** Depth of the pyramids, metres; of those that are put from now on. */
  size = 1;
  readonly #material = new LineMaterial({ color: 0x37c8ff, linewidth: 2 });
  readonly #shown = new Map<number, { node: Group; lines: LineSegments2; frame: CameraFrame }>();

  constructor(private readonly poses: SubmapPoses) {}

  get count(): number {
    return this.#shown.size;
  }

  put(frame: CameraFrame): void {
    this.#drop(frame.stream);
    const geometry = new LineSegmentsGeometry();
    geometry.setPositions(pyramid(this.size, frame.fovX, frame.fovY));
    const lines = new LineSegments2(geometry, this.#material);
    lines.frustumCulled = false;
    lines.renderOrder = 7;
    const node = new Group();
    node.matrixAutoUpdate = false;
    node.add(lines);
    this.root.add(node);
    // Arrays are views of a message of many frames: a copy lets go of it.
    const shown = { node, lines, frame: { ...frame, pose: frame.pose.slice() } };
    this.#shown.set(frame.stream, shown);
    this.#place(shown);
  }

  moveSubmap(submap: number): void {
    for (const shown of this.#shown.values()) if (shown.frame.submap === submap) this.#place(shown);
  }

  clear(): void {
    for (const stream of [...this.#shown.keys()]) this.#drop(stream);
  }

  #place({ node, frame }: { node: Group; frame: CameraFrame }): void {
    matrixOf(compose(this.poses.get(frame.submap), frame.pose), node.matrix);
    node.matrixWorldNeedsUpdate = true;
  }

  #drop(stream: number): void {
    const shown = this.#shown.get(stream);
    if (!shown) return;
    shown.node.removeFromParent();
    shown.lines.geometry.dispose();
    this.#shown.delete(stream);
  }
}

/** Ends of its lines in the camera's optical frame: x right, y down, z forward. */
export function pyramid(depth: number, fovX: number, fovY: number): number[] {
  const x = depth * Math.tan(fovX / 2);
  const y = depth * Math.tan(fovY / 2);
  const corners = [
    [-x, -y, depth],
    [x, -y, depth],
    [x, y, depth],
    [-x, y, depth],
  ] as const;
  const out: number[] = [];
  corners.forEach((corner, i) => out.push(0, 0, 0, ...corner, ...corner, ...corners[(i + 1) % 4]!));
  const tip = [0, -1.35 * y, depth] as const;
  out.push(-0.3 * x, -1.05 * y, depth, ...tip, ...tip, 0.3 * x, -1.05 * y, depth);
  return out;
}
