// Writes docs/configuration.md, docs/cli.md and the parameter table of docs/ros.md from the schema and the command definitions. Needs a build.
import { readFile, writeFile } from 'node:fs/promises';
import { buildProgram } from '../dist/cli/program.js';
import { renderCliReference } from '../dist/cli/reference.js';
import { renderReference } from '../dist/config/reference.js';
import { fillParameterReference } from '../dist/ros/parameter-reference.js';

const docs = new URL('../docs/', import.meta.url);
await writeFile(new URL('configuration.md', docs), renderReference());
await writeFile(new URL('cli.md', docs), renderCliReference(buildProgram({}, '', () => {})));
const ros = new URL('ros.md', docs);
await writeFile(ros, fillParameterReference(await readFile(ros, 'utf8')));
console.log('Wrote docs/configuration.md, docs/cli.md and the parameters in docs/ros.md.');
