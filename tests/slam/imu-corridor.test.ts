import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, identity, inverse, translationNorm } from '../../src/geometry/se3.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';

const SWEEP_NS = 100_000_000n;

it('an IMU learns no velocity and no tilt from scans that slide: the error stays within what is stated', async () => {
  for (const seed of [1, 3]) {
    const corridor = simulate({ world: 'corridor', beams: 16, columns: 512, seed, duration: 5 });
    const slam = await createSlam(
      await loadConfig({ set: ['engine=wasm', 'threads=2', 'map.memoryMiB=1024'] }),
    );
    const readings = corridor.imu();
    let next = readings.next();
    let k = 0;
    for (const scan of corridor.scans()) {
      const seen = [];
      for (; !next.done && next.value.stampNs <= scan.stampNs + SWEEP_NS; next = readings.next())
        seen.push(next.value);
      slam.imu({
        stampsNs: BigInt64Array.from(seen, (s) => s.stampNs),
        rates: Float64Array.from(seen.flatMap((s) => [...s.gyro])),
        accelerations: Float64Array.from(seen.flatMap((s) => [...s.accel])),
        T_body_imu: identity(),
      });
      const { pose, odomCovariance: C, state } = slam.process(scan);
      const sigma = Math.sqrt(C[0]! + C[7]! + C[14]!);
      const error = translationNorm(compose(inverse(corridor.odomPose(k)), pose));
      if (k++ > 0) expect(state).toBe('degraded');
      expect(error).toBeLessThan(0.5 + 2 * sigma);
    }
    await slam.close();
  }
}, 120_000);
