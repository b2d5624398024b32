import { EXIT } from './exit-codes.js';
import { catchInterrupt } from './interrupt.js';
import { formatSeconds } from './progress.js';
import type { SimCommandOptions } from './command-options.js';
import { runSim } from './sim.js';

/** `feltmap sim`: makes a recording of a simulated world and says what is in it. */
export async function simCommand(world: string, options: SimCommandOptions): Promise<number> {
  const { json, quiet, ...rest } = options;
  const silent = quiet === true || json === true;
  const live = process.stderr.isTTY && !silent;
  const interrupt = catchInterrupt(() => {
    if (!silent) process.stderr.write('\nStopping: the recording ends here (Ctrl-C again leaves at once).\n');
  });
  try {
    const result = await runSim({
      ...rest,
      world,
      out: options.out ?? `${world}.mcap`,
      signal: interrupt.signal,
      onProgress: (done, total) => {
        if (live) process.stderr.write(`\r\x1b[2K${done}/${total} scans${done === total ? '\n' : ''}`);
      },
    });
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!quiet)
      process.stdout.write(
        `${result.path}: ${result.scans} scans, ${formatSeconds(result.seconds)}, ${result.metres.toFixed(1)} m; true path in ${result.truthPath}\n`,
      );
    return result.interrupted ? EXIT.interrupted : EXIT.ok;
  } finally {
    interrupt.dispose();
  }
}
