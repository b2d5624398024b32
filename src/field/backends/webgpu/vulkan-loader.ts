/**
 * Why WebGPU cannot reach a driver here; undefined where it can be tried. On Linux Dawn loads libvulkan.so.1, and where
 * there is none it says so on stderr for its developers to read: find out before.
 */
export function noVulkan(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    // One that was loaded is no module of Node's, which is an error as well.
    const text = error instanceof Error ? error.message : String(error);
    if (/cannot open shared object|no such file/i.test(text))
      return 'libvulkan.so.1 is not installed (on Debian: apt install libvulkan1, and the driver of the GPU)';
  }
  return undefined;
}
