import { defineConfig } from 'vitest/config';

/** Tests with a ROS 2 graph, started by scripts/test-ros.mjs: one file at a time, each with its own processes. */
export default defineConfig({
  test: {
    include: ['tests/ros-live/**/*.live.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
