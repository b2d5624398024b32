import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Tests of the GPU engines run on SwiftShader, the software Vulkan driver that Debian's chromium brings along. The
// loader of shared libraries reads these when a process starts: too late for the tests to set them themselves.
const CHROMIUM = '/usr/lib/chromium';
if (!process.env.VK_DRIVER_FILES && existsSync(`${CHROMIUM}/vk_swiftshader_icd.json`)) {
  process.env.VK_DRIVER_FILES = `${CHROMIUM}/vk_swiftshader_icd.json`;
  process.env.LD_LIBRARY_PATH = [CHROMIUM, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
