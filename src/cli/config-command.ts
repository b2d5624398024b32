import { stringify } from 'yaml';
import { loadConfig } from '../config/load.js';
import { renderDefaultsYaml, renderReference } from '../config/reference.js';
import type { ConfigOptions } from './command-options.js';

/**
 * `feltmap config`: the defaults as commented YAML, the reference, or the settings that result from a file and --set.
 * @throws FeltmapError bad-config
 */
export async function configText(options: ConfigOptions): Promise<string> {
  if (options.docs) return renderReference();
  if (options.config === undefined && options.set.length === 0) return renderDefaultsYaml();
  return stringify(await loadConfig({ file: options.config, set: options.set }));
}
