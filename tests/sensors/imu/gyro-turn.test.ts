import { expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import { GyroTurn } from '../../../src/sensors/imu/gyro-turn.js';

it('a turn by the gyroscope is its rates less their bias, times the seconds', () => {
  const turning = new GyroTurn(identity(), Float64Array.of(0.01, -0.02, 0.03));
  for (let i = 0; i < 100; i++) turning.add([0.01, -0.02, 0.53], 0.01);
  expect(turning.seconds).toBeCloseTo(1, 12);
  exp([0, 0, 0, 0, 0, 0.5]).forEach((v, i) => expect(turning.turned[i]).toBeCloseTo(v, 12));
});
