import { FeltmapError } from '../geometry/errors.js';
import { ROS_TYPES } from '../messages/types.js';
import type { Rclnodejs } from './rclnodejs-api.js';

/** Type of the node's own services. */
export const TRIGGER = 'std_srvs/srv/Trigger';
/** What the node subscribes to, publishes, serves, or is managed by. */
const NEEDED = [...Object.values(ROS_TYPES), TRIGGER, 'lifecycle_msgs/srv/ChangeState'];

/**
 * Packages of interfaces that rclnodejs has no classes of: ROS 2 lacks them, or got them after rclnodejs was installed.
 *
 * @param types `package/msg/Type` or `package/srv/Type`
 */
export function missingInterfaces(
  rcl: Pick<Rclnodejs, 'require'>,
  types: readonly string[] = NEEDED,
): string[] {
  const missing = types.filter((type) => {
    try {
      rcl.require(type);
      return false;
    } catch {
      return true;
    }
  });
  return [...new Set(missing.map((type) => type.split('/')[0]!))].sort();
}

/** @throws FeltmapError unsupported: one sentence that names them and says what to do */
export function requireInterfaces(rcl: Pick<Rclnodejs, 'require'>, distribution = 'DISTRO'): void {
  const missing = missingInterfaces(rcl);
  if (missing.length === 0) return;
  const packages = missing.map((name) => `ros-${distribution}-${name.replaceAll('_', '-')}`);
  throw new FeltmapError(
    'unsupported',
    `feltmap node cannot start: rclnodejs knows no messages of ${missing.join(', ')}; install ${packages.join(' ')} ` +
      'where ROS 2 lacks them, then run "npx generate-ros-messages" beside node_modules in this shell, and start again.',
  );
}

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
