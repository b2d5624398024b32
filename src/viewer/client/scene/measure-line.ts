import { GreaterDepth, Group, type Vector3 } from 'three';
import { LineMaterial } from 'three/addons/lines/LineMaterial.js';
import { LineSegments2 } from 'three/addons/lines/LineSegments2.js';
import { LineSegmentsGeometry } from 'three/addons/lines/LineSegmentsGeometry.js';
import { Dots } from './dots.js';

/**
 * One or two clicked points and the straight line between them.
 *
 * @example
 * const measure = new MeasureLine();
 * measure.add(new Vector3(0, 0, 0));
 * measure.add(new Vector3(3, 4, 0));
 * measure.distance; // 5
 */
export class MeasureLine {
  readonly root = new Group();
  readonly points: Vector3[] = [];
  readonly #dots = new Dots('#ffd23e', 10, 1, true);
  readonly #lines: LineSegments2[];

  constructor() {
    const front = new LineMaterial({ color: 0xffd23e, linewidth: 3 });
    const hidden = new LineMaterial({
      color: 0xffd23e,
      linewidth: 2,
      transparent: true,
      opacity: 0.5,
      dashed: true,
      dashSize: 0.25,
      gapSize: 0.2,
      depthWrite: false,
      depthFunc: GreaterDepth,
    });
    this.#lines = [front, hidden].map((material) => {
      const line = new LineSegments2(new LineSegmentsGeometry(), material);
      line.visible = false;
      line.frustumCulled = false;
      line.renderOrder = 8;
      this.root.add(line);
      return line;
    });
    this.#dots.material.depthTest = false;
    this.#dots.renderOrder = 9;
    this.root.add(this.#dots);
  }

  set pixelRatio(ratio: number) {
    this.#dots.pixels = 10 * ratio;
  }

  /** Metres between the two points; undefined with fewer. */
  get distance(): number | undefined {
    return this.points.length === 2 ? this.points[0]!.distanceTo(this.points[1]!) : undefined;
  }

  /** Adds a point; a third starts anew. */
  add(point: Vector3): void {
    if (this.points.length === 2) this.points.length = 0;
    this.points.push(point.clone());
    this.#update();
  }

  clear(): void {
    this.points.length = 0;
    this.#update();
  }

  #update(): void {
    this.#dots.setPositions(Float32Array.from(this.points.flatMap((p) => p.toArray())));
    const whole = this.points.length === 2;
    for (const line of this.#lines) {
      line.visible = whole;
      if (!whole) continue;
      const geometry = new LineSegmentsGeometry();
      geometry.setPositions([...this.points[0]!.toArray(), ...this.points[1]!.toArray()]);
      line.geometry.dispose();
      line.geometry = geometry;
      line.computeLineDistances();
    }
  }
}
