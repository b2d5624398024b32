import { z } from 'zod';

/**
 * Every setting of the system with its default, range and meaning. `docs/configuration.md` is generated from here.
 * Lengths that follow the sensor are given for a range of 100 m and scaled by `sensor.maxRange` unless set.
 */
export const configSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(1)
    .describe('Seed of every random choice. Same seed, same input: same bytes out.'),
  threads: z.int().min(0).max(64).default(0).describe('Threads for kernels, 0 = one per core.'),
  engine: z.enum(['auto', 'wasm']).default('auto').describe('Where heavy arithmetic runs.'),
  sensor: z
    .strictObject({
      minRange: z.number().min(0).default(0.5).describe('Nearer returns are dropped (m): the robot itself.'),
      maxRange: z
        .number()
        .positive()
        .max(1000)
        .default(100)
        .describe('Farther returns are dropped (m). Other lengths scale with it.'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
