import { Group, GreaterDepth } from 'three';
import { LineGeometry } from 'three/addons/lines/LineGeometry.js';
import { LineMaterial } from 'three/addons/lines/LineMaterial.js';
import { Line2 } from 'three/addons/lines/Line2.js';
import type { SubmapPoses, TrajectoryStore } from '../model/trajectory-store.js';

/** Poses a piece of the line holds; only the last piece changes while the robot drives. */
const PIECE = 512;

interface Piece {
  readonly lines: Line2[];
  readonly geometry: LineGeometry;
}

/**
 * The way the sensor went: a line of constant width on the screen, coloured by tracking state, faint where hidden.
 *
 * @example
 * const path = new PathLine();
 * path.update(store, submaps, colors);
 * scene.add(path.root);
 */
export class PathLine {
  readonly root = new Group();
  readonly #pieces: Piece[] = [];
  #built = 0;
  readonly #materials: readonly LineMaterial[];
  readonly #outline: LineMaterial;

  constructor() {
    const outline = new LineMaterial({ color: 0x0a0e15, linewidth: 6.5, transparent: true, opacity: 0.6 });
    outline.depthWrite = false;
    const core = new LineMaterial({ vertexColors: true, linewidth: 3.5 });
    const hidden = new LineMaterial({
      vertexColors: true,
      linewidth: 2.5,
      transparent: true,
      opacity: 0.28,
      depthWrite: false,
      depthFunc: GreaterDepth,
    });
    this.#outline = outline;
    this.#materials = [hidden, outline, core];
  }

  /** Colour of the seam that sets the line off from any surface. */
  set outline(color: string) {
    this.#outline.color.set(color);
  }

  /**
   * Brings the line up to the trajectory.
   *
   * @param colors RGB 0 … 1 (linear) by tracking state
   * @param from first pose that may have changed
   */
  update(
    store: TrajectoryStore,
    submaps: SubmapPoses,
    colors: readonly (readonly [number, number, number])[],
    from = this.#built,
  ): void {
    const keep = Math.max(0, Math.ceil(Math.min(from, this.#built) / PIECE) - 1);
    while (this.#pieces.length > keep) this.#drop(this.#pieces.pop()!);
    for (let start = keep * PIECE; start < store.length - 1; start += PIECE) {
      // Pieces share their end points, so that the line has no gaps.
      const end = Math.min(store.length - 1, start + PIECE);
      const positions = new Float32Array(3 * (end - start + 1));
      const tints = new Float32Array(positions.length);
      for (let i = start; i <= end; i++) {
        store.position(i, submaps, positions, 3 * (i - start));
        tints.set(colors[store.state(i)] ?? colors[0]!, 3 * (i - start));
      }
      const geometry = new LineGeometry();
      geometry.setPositions(positions);
      geometry.setColors(tints);
      const lines = this.#materials.map((material, order) => {
        const line = new Line2(geometry, material);
        line.renderOrder = 2 + order;
        this.root.add(line);
        return line;
      });
      this.#pieces.push({ lines, geometry });
    }
    this.#built = store.length;
  }

  clear(): void {
    for (const piece of this.#pieces.splice(0)) this.#drop(piece);
    this.#built = 0;
  }

  #drop({ lines, geometry }: Piece): void {
    for (const line of lines) line.removeFromParent();
    geometry.dispose();
  }
}
