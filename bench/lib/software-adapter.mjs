// Runs the program again with the software Vulkan driver of Debian's chromium where there is no GPU.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { openAdapter } from '../../dist/field/backends/webgpu/adapter.js';

const CHROMIUM = '/usr/lib/chromium';

/** Ends this process with the status of the new one; returns where an adapter is there, or none can be had. */
export async function withAnyAdapter() {
  const found = await openAdapter(true).then(
    () => true,
    () => false,
  );
  const driver = `${CHROMIUM}/vk_swiftshader_icd.json`;
  if (found || process.env.VK_DRIVER_FILES === driver || !existsSync(driver)) return;
  // The loader of shared libraries reads these when a process starts.
  const libraries = [CHROMIUM, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const env = { ...process.env, VK_DRIVER_FILES: driver, LD_LIBRARY_PATH: libraries };
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });
  process.exit(status ?? 1);
}
