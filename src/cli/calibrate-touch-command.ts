import { type Command, Option } from 'commander';
import { GEL_PRESETS } from '../sensors/tactile/presets.js';
import type { CalibrateTouchOptions } from './calibrate-touch.js';
import type { Actions } from './command-options.js';
import { integer, positive } from './option-values.js';

/** Declares `feltmap calibrate-touch`. */
export function addCalibrateTouch(program: Command, actions: Actions, done: (status: number) => void): void {
  program
    .command('calibrate-touch')
    .description('calibrate a tactile sensor from images of a ball that is pressed into its gel')
    .argument(
      '<folder|bag>',
      'images of 20 to 50 presses all over the gel, and one of the untouched gel (reference.png, ref.png or background.png); or a recording of such presses that begins with the untouched gel',
    )
    .option(
      '--ball-diameter <mm>',
      'diameter of the ball (default: by the names of folders, such as 6.310mm)',
      positive,
    )
    .option('--pixel <mm>', "size of a pixel on the gel (default: the sensor's)", positive)
    .option('--reference <file>', 'image of the untouched gel')
    .option('--topic <name>', "of the gel's images in a recording (default: by its name)")
    .addOption(
      new Option('--sensor <name>', 'what is known of a sensor beforehand: size of the gel, method').choices(
        Object.keys(GEL_PRESETS),
      ),
    )
    .option(
      '--out <file>',
      'file to write, with a picture of a held-out press beside it (default: touch-calibration.json)',
    )
    .option('--threads <n>', 'threads, 0 = one per core', integer)
    .option('--seed <n>', 'seed of the training and of which presses are held out (default: 1)', integer)
    .option('--steps <n>', 'steps of training (default: 2000)', integer)
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'print nothing')
    .action(async (path: string, options: CalibrateTouchOptions) =>
      done(await actions.calibrateTouch(path, options)),
    );
}
