import { Group } from 'three';
import { compose } from '../../../geometry/se3.js';
import { dequantisePositions, type ScanFrame } from '../../protocol/index.js';
import type { SubmapPoses } from '../model/trajectory-store.js';
import { Dots } from './dots.js';
import { matrixOf } from './transforms.js';

/**
 * The newest scan of each sensor, as points.
 *
 * @example
 * const scans = new Scans(submaps);
 * scans.put(frame);
 * scans.pixels = 2;
 * scene.add(scans.root);
 */
export class Scans {
  readonly root = new Group();
  readonly #scans = new Map<number, { dots: Dots; node: Group; frame: Pick<ScanFrame, 'submap' | 'pose'> }>();
  #color = '#ffffff';

  constructor(private readonly poses: SubmapPoses) {}

  set color(hex: string) {
    this.#color = hex;
    for (const { dots } of this.#scans.values()) dots.color = hex;
  }

  /** Diameter of a point in pixels of the screen. */
  set pixels(size: number) {
    for (const { dots } of this.#scans.values()) dots.pixels = size;
  }

  put({ sensor, submap, pose, positions, box }: ScanFrame): void {
    let scan = this.#scans.get(sensor);
    if (!scan) {
      const dots = new Dots(this.#color, 2, 0.9);
      const node = new Group();
      node.matrixAutoUpdate = false;
      node.add(dots);
      this.root.add(node);
      scan = { dots, node, frame: { submap, pose } };
      this.#scans.set(sensor, scan);
    }
    // Arrays are views of a message of many frames: a copy lets go of it.
    scan.frame = { submap, pose: pose.slice() };
    scan.dots.setPositions(dequantisePositions(positions, box));
    this.#place(scan);
  }

  moveSubmap(submap: number): void {
    for (const scan of this.#scans.values()) if (scan.frame.submap === submap) this.#place(scan);
  }

  clear(): void {
    for (const { node, dots } of this.#scans.values()) {
      node.removeFromParent();
      dots.geometry.dispose();
      dots.material.dispose();
    }
    this.#scans.clear();
  }

  #place({ node, frame }: { node: Group; frame: Pick<ScanFrame, 'submap' | 'pose'> }): void {
    matrixOf(compose(this.poses.get(frame.submap), frame.pose), node.matrix);
    node.matrixWorldNeedsUpdate = true;
  }
}
