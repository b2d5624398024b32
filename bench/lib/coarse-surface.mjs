// How far the LiDAR's own surface in a saved map with two grids is from the truth, where the camera's grid has been and elsewhere.
import { lengthScale } from '../../dist/config/lengths.js';
import { configOf } from '../../dist/config/sensors.js';
import { KernelPool } from '../../dist/compute/pool.js';
import { WasmBackend } from '../../dist/field/backends/wasm/backend.js';
import { SAMPLE_VALUES } from '../../dist/field/backend.js';
import { joinPools, poolFor } from '../../dist/field/grid-spec.js';
import { openSavedMap } from '../../dist/field/saved/saved-map.js';
import { MapMesher } from '../../dist/mesh/map-mesher.js';

/** Fields have features, learned or not. */
const without = ({ layers }) =>
  layers.some(({ name }) => name === 'features') ? [] : [{ name: 'features', wordsPerCorner: 1, stride: 2 }];

/**
 * @param config of the run
 * @param files of a saved map
 * @param distance of a point (x, y, z in the map's frame) to the true surface, metres
 * @returns mean, root mean square and 95th percentile of the distance (mm), and the share farther than 5 cm (%)
 */
export async function coarseSurface(config, files, distance) {
  const { grids } = openSavedMap(files).submaps[0];
  const pool = await KernelPool.create({ threads: 2, memoryMiB: 1500 });
  const { seed, training } = configOf(config, 'lidar');
  const outputScale = training.outputScale * lengthScale(configOf(config, 'lidar'));
  // What a saved map does not hold of its layout matters for what is fused and for the decoder only.
  const specOf = ({ spec }) => ({
    ...spec,
    seed,
    layers: [...spec.layers, ...without(spec)].map((layer) => ({
      outputScale,
      maxWeight: 1,
      saturation: 1,
      maxRange: 1,
      ...layer,
    })),
  });
  const rooms = grids.map(() => ({ fineBlocks: 30_000, featureRows: 120_000, samples: 64 }));
  const limits = {
    scanPoints: 1024,
    batchChunks: 8,
    pool: grids.map(({ spec }, i) => poolFor(spec, rooms[i])).reduce(joinPools),
  };
  const backend = new WasmBackend(pool, limits);
  const [coarse, fine] = grids.map((grid, i) => {
    const field = backend.createField(specOf(grid), rooms[i]);
    field.restore(grid);
    return field;
  });
  const mesher = new MapMesher(pool, backend, coarse, {
    minWeight: 0.01,
    minComponentTriangles: 0,
    features: true,
  });
  const { positions } = mesher.weld();
  const samples = backend.sample(fine, 'distance', positions);
  const [inside, outside] = [[], []];
  for (let i = 0; i < positions.length / 3; i++) {
    const d = Math.abs(distance(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]));
    (samples[SAMPLE_VALUES * i + 4] > 0 ? inside : outside).push(d);
  }
  await backend.close();
  await pool.close();
  return { whereFine: figures(inside), elsewhere: figures(outside) };
}

function figures(distances) {
  const sorted = distances.sort((a, b) => a - b);
  const n = sorted.length;
  const mm = (metres) => Number((1e3 * metres).toFixed(1));
  return {
    vertices: n,
    meanMm: mm(sorted.reduce((sum, d) => sum + d, 0) / n),
    rmsMm: mm(Math.sqrt(sorted.reduce((sum, d) => sum + d * d, 0) / n)),
    p95Mm: mm(sorted[Math.floor(0.95 * n)] ?? 0),
    beyond5cm: Number(((100 * sorted.filter((d) => d > 0.05).length) / n).toFixed(2)),
  };
}
