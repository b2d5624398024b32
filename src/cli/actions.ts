import { compiledUrl } from '../field/engines/wasm/runtime-url.js';
import { configText } from './config-command.js';
import { EXIT } from './exit-codes.js';
import type { Actions } from './program.js';

/** What the commands do. Modules are loaded when their command runs, so that `--help` is quick. */
export const actions: Actions = {
  async replay(input, options) {
    const { replay } = await import('./replay.js');
    return replay(input, options, {
      factoryUrl: compiledUrl(import.meta.url, '../slam/create.js').href,
      stdout: process.stdout,
      stderr: process.stderr,
      signals: process,
    });
  },

  async info(path, options) {
    const { infoCommand } = await import('./recording-commands.js');
    return infoCommand(path, options);
  },

  async convert(input, output, options) {
    const { convertCommand } = await import('./recording-commands.js');
    return convertCommand(input, output, options);
  },

  async sim(world, options) {
    const { simCommand } = await import('./sim-command.js');
    return simCommand(world, options);
  },

  async config(options) {
    process.stdout.write(await configText(options));
    return EXIT.ok;
  },
};
