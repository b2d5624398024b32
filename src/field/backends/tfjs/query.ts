import type { Tensor } from '@tensorflow/tfjs-core';
import { FEATURES, ROW_FLOATS } from '../wasm/features.js';
import type { Tf } from './backends.js';
import type { MapView } from './map-view.js';
import type { FieldModel } from './model.js';
import { WorkingSet } from './working-set.js';

/** Points of one pass. */
const MOST = 16384;
const STEP = 256;

/**
 * The field at points: distance, gradient, smallest weight of the fine corners (0: not observed, all else 0 too).
 *
 * @example
 * const query = new Query(map);
 * const [distance, dx, dy, dz, weight] = await query.run(tf, () => model, Float32Array.of(1, 0, 0));
 */
export class Query {
  readonly #map: MapView;
  readonly #scalars = new WorkingSet(MOST * 8);
  readonly #rows = new WorkingSet(MOST * 8);

  constructor(map: MapView) {
    this.#map = map;
  }

  async run(tf: Tf, model: () => FieldModel, points: Float32Array): Promise<Float32Array> {
    const out = new Float32Array((points.length / 3) * 5);
    for (let first = 0; first * 3 < points.length; first += MOST)
      await this.#part(tf, model(), points.subarray(first * 3, (first + MOST) * 3), out.subarray(first * 5));
    return out;
  }

  async #part(tf: Tf, model: FieldModel, points: Float32Array, out: Float32Array): Promise<void> {
    const { fine, cells } = this.#map;
    const count = points.length / 3;
    const n = Math.ceil(count / STEP) * STEP;
    const columns = {
      points: new Float32Array(n * 3),
      scalarBase: new Float32Array(n * 3),
      featureBase: new Float32Array(n * 3),
      scalars: new Int32Array(n * 8),
      rows: new Int32Array(n * 8),
    };
    const found = new Int32Array(8);
    const [scalars, rows] = [this.#scalars, this.#rows];
    scalars.clear();
    rows.clear();
    for (let i = 0; i < count; i++) {
      const [x, y, z] = [points[i * 3]!, points[i * 3 + 1]!, points[i * 3 + 2]!];
      if (!fine.find(x, y, z, found, 0)) continue;
      let least = Infinity;
      for (let c = 0; c < 8; c++) least = Math.min(least, fine.data[found[c]! * 2 + 1]!);
      if (!(least > 0)) continue;
      out[i * 5 + 4] = least;
      for (let c = 0; c < 8; c++) columns.scalars[i * 8 + c] = scalars.add(found[c]!);
      columns.points.set([x, y, z], i * 3);
      columns.scalarBase.set(fine.base, i * 3);
      if (cells.find(x, y, z, found, 0))
        for (let c = 0; c < 8; c++) columns.rows[i * 8 + c] = rows.add(cells.dataI32[found[c]!]!);
      columns.featureBase.set(cells.base, i * 3);
    }
    const result = tf.tidy(() => {
      const { value, gradient } = model.evaluate(
        tf.tensor2d(columns.points, [n, 3]),
        {
          inverse: fine.inverse,
          base: tf.tensor2d(columns.scalarBase, [n, 3]),
          corners: pick(tf, this.#scalarValues(), 1, columns.scalars, [n, 8]),
        },
        {
          inverse: cells.inverse,
          base: tf.tensor2d(columns.featureBase, [n, 3]),
          corners: pick(tf, this.#rowValues(), FEATURES, columns.rows, [n, 8, FEATURES]),
        },
      );
      return tf.concat([tf.reshape(value, [n, 1]), gradient], 1);
    });
    try {
      const values = await result.data();
      for (let i = 0; i < count; i++)
        if (out[i * 5 + 4]! > 0) out.set(values.subarray(i * 4, i * 4 + 4), i * 5);
    } finally {
      result.dispose();
    }
  }

  #scalarValues(): Float32Array {
    const { data } = this.#map.fine;
    const out = new Float32Array(this.#scalars.paddedSize);
    for (let i = 1; i < this.#scalars.size; i++) out[i] = data[this.#scalars.members[i]! * 2]!;
    return out;
  }

  #rowValues(): Float32Array {
    const { rows } = this.#map;
    const out = new Float32Array(this.#rows.paddedSize * FEATURES);
    for (let i = 1; i < this.#rows.size; i++) {
      const from = this.#rows.members[i]! * ROW_FLOATS;
      out.set(rows.subarray(from, from + FEATURES), i * FEATURES);
    }
    return out;
  }
}

/** Rows of a table (its width apart) by number, in the given shape. */
function pick(tf: Tf, table: Float32Array, width: number, rows: Int32Array, shape: number[]): Tensor {
  return tf.reshape(
    tf.gather(tf.tensor2d(table, [table.length / width, width]), tf.tensor1d(rows, 'int32')),
    shape,
  );
}
