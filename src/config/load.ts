import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { FeltmapError } from '../geometry/errors.js';
import type { Config } from './schema.js';
import { isGroup, mergeConfig, parseAssignment, setByPath, type RawConfig } from './set-path.js';
import { validateConfig } from './validate.js';

/** All settings with their comments take a hundredth, bytes. */
const LARGEST_FILE = 4 * 1024 * 1024;

/** Where settings come from; later ones win: defaults, file, `set`, flags. */
export interface ConfigSources {
  /** A YAML file. */
  readonly file?: string | undefined;
  /** `key=value` texts as given to --set. */
  readonly set?: readonly string[] | undefined;
  /** Settings with a command-line flag of their own, by dotted path; undefined values are ignored. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The validated configuration from file, assignments and flags.
 *
 * @throws FeltmapError bad-config for a file that is no YAML mapping, an unknown key or a refused value; not-found or io
 *   for a file that cannot be read.
 */
export async function loadConfig(sources: ConfigSources = {}): Promise<Config> {
  let raw: RawConfig = {};
  if (sources.file !== undefined) {
    raw = await readYaml(sources.file);
    validateConfig(raw, basename(sources.file)); // first alone, so that the message names the file
  }
  const assigned: RawConfig = {};
  for (const text of sources.set ?? []) {
    const { path, value } = parseAssignment(text);
    setByPath(assigned, path, value);
  }
  for (const [path, value] of Object.entries(sources.flags ?? {})) {
    if (value !== undefined) setByPath(assigned, path, value);
  }
  return validateConfig(mergeConfig(raw, assigned), 'Command line');
}

function unusable(file: string, isFile: boolean): FeltmapError {
  const why = isFile ? 'is too large for settings' : 'is a folder, pipe or device, not a file';
  return new FeltmapError('bad-config', `The configuration file ${basename(file)} ${why}; give a YAML file.`);
}

async function readYaml(file: string): Promise<RawConfig> {
  let text: string;
  try {
    const info = await stat(file);
    // To open a pipe would wait for its writer, for ever where there is none.
    if (!info.isFile() || info.size > LARGEST_FILE) throw unusable(file, info.isFile());
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof FeltmapError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FeltmapError(
      missing ? 'not-found' : 'io',
      missing
        ? `There is no configuration file ${basename(file)} at the path given to --config.`
        : `Cannot read the configuration file ${basename(file)} (${(cause as NodeJS.ErrnoException).code ?? 'error'}).`,
      { cause },
    );
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split('\n')[0]!.replace(/:$/, '') : '';
    throw new FeltmapError('bad-config', `${basename(file)} is not valid YAML: ${line}.`, { cause });
  }
  if (value === null || value === undefined) return {}; // an empty file changes nothing
  if (!isGroup(value))
    throw new FeltmapError('bad-config', `${basename(file)} must hold settings as key: value lines.`);
  return value;
}
