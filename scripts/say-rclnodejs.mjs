// After `npm ci` in a checkout: npm leaves an optional package out without a word when its installation fails.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** What to say; undefined where ROS 2 is not sourced, or all is there. */
export function missingRclnodejs(env, exists) {
  if (!env.AMENT_PREFIX_PATH || exists('node_modules/rclnodejs')) return undefined;
  return (
    `ROS 2 ${env.ROS_DISTRO ?? ''}`.trim() +
    ' is sourced, but rclnodejs could not be installed: `feltmap node` will not start; everything else works.\n' +
    '`npm install --no-save --foreground-scripts rclnodejs` shows why. Usual: no g++, make or python3, or a ROS 2 older than it supports.'
  );
}

if (process.argv[1] === undefined || import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = missingRclnodejs(process.env, existsSync);
  if (text) console.error(`\n${text}\n`);
}
