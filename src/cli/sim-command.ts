import { EXIT } from './exit-codes.js';
import { catchInterrupt } from './interrupt.js';
import { formatSeconds } from './progress.js';
import type { SimCommandOptions } from './command-options.js';
import { isScene } from '../sim/worlds/scenes.js';
import { runSimCamera } from './sim-camera.js';
import { runSim } from './sim.js';
import { runSimTouch } from './sim-touch.js';

/** `feltmap sim`: makes a recording of a simulated world and says what is in it. */
export async function simCommand(world: string, options: SimCommandOptions): Promise<number> {
  const { json, quiet, ...rest } = options;
  const silent = quiet === true || json === true;
  const live = process.stderr.isTTY && !silent;
  const interrupt = catchInterrupt(() => {
    if (!silent) process.stderr.write('\nStopping: the recording ends here (Ctrl-C again leaves at once).\n');
  });
  try {
    const progress = (what: string) => (done: number, total: number) => {
      if (live) process.stderr.write(`\r\x1b[2K${done}/${total} ${what}${done === total ? '\n' : ''}`);
    };
    const common = {
      ...rest,
      out: options.out ?? (options.folder === true ? world : `${world}.mcap`),
      signal: interrupt.signal,
    };
    const result =
      world === 'touch'
        ? await runSimTouch({ ...common, onProgress: progress('touches') })
        : isScene(world)
          ? await runSimCamera({ ...common, world, onProgress: progress('frames') })
          : await runSim({ ...common, world, onProgress: progress('scans') });
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!quiet)
      process.stdout.write(
        'touches' in result
          ? `${result.path}: ${result.touches} touches of a ${result.object}, ${formatSeconds(result.seconds)}; true poses in ${result.truthPath}, surface in ${result.meshPath}\n`
          : `${result.path}: ${'scans' in result ? `${result.scans} scans` : `${result.frames} frames`}, ${formatSeconds(result.seconds)}, ${result.metres.toFixed(1)} m; true path in ${result.truthPath}\n`,
      );
    return result.interrupted ? EXIT.interrupted : EXIT.ok;
  } finally {
    interrupt.dispose();
  }
}
