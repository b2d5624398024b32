import { FeltmapError } from '../geometry/errors.js';
import type { Rclnodejs } from './rclnodejs-api.js';

/**
 * Loads rclnodejs, which is there only where it was installed with ROS 2 sourced.
 *
 * @throws FeltmapError unsupported: one sentence that says what to source or install
 */
export async function loadRclnodejs(env: NodeJS.ProcessEnv = process.env): Promise<Rclnodejs> {
  if (!env.AMENT_PREFIX_PATH)
    throw new FeltmapError(
      'unsupported',
      'feltmap node needs ROS 2 (Humble, Jazzy, Kilted or Lyrical), but none is sourced in this shell; ' +
        'run "source /opt/ros/<distribution>/setup.bash", then "npm ci" once more if this is the first time (it installs rclnodejs), and start again.',
    );
  try {
    // A name that the compiler does not see: the package may be missing, and its types with it.
    const name = 'rclnodejs';
    const module = (await import(name)) as { default: Rclnodejs };
    return module.default;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const why = missing
      ? 'its package rclnodejs is not installed (npm leaves it out where no ROS 2 is sourced, and without a word where it does not compile: "npm install --no-save --foreground-scripts rclnodejs" shows why)'
      : `its package rclnodejs cannot be loaded with this ROS 2 (${text.split('\n')[0]})`;
    throw new FeltmapError(
      'unsupported',
      `feltmap node cannot start: ${why}; run "npm ci" again in this shell, where ROS 2 is sourced.`,
      { cause },
    );
  }
}
