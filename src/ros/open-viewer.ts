import type { ParameterStore } from './parameter-check.js';
import type { LogSink } from './throttle.js';
import { sentence } from './trigger.js';
import { ViewerOutput, type ViewerOutputOptions } from './viewer-output.js';

/**
 * The browser viewer as the parameters have it; its addresses are logged.
 *
 * @returns undefined where none is wanted, or where it cannot listen: a robot maps without a viewer, too
 */
export async function openViewer(
  p: ParameterStore,
  log: LogSink,
  node: Pick<ViewerOutputOptions, 'title' | 'version' | 'slam' | 'phase' | 'dropped'>,
): Promise<ViewerOutput | undefined> {
  const port = p.number('viewer.port');
  if (port === 0) return undefined;
  const { map, sensor } = p.config;
  const token = p.string('viewer.token');
  const voxel = (map.voxel * sensor.maxRange) / 100;
  try {
    const { viewer, urls } = await ViewerOutput.start({
      ...node,
      port,
      host: p.string('viewer.host'),
      token,
      voxel,
    });
    // A token that was chosen is known to those who may know it; a random one stands nowhere else.
    const shown = token === '' ? urls : urls.map((url) => url.split('?')[0]!);
    log('info', `Viewer: ${shown.join('  or  ')}`);
    return viewer;
  } catch (error) {
    log('error', `No viewer: ${sentence(error)}`);
    return undefined;
  }
}
