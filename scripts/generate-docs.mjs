// Writes docs/configuration.md and docs/cli.md from the schema and the command definitions. Needs a build.
import { writeFile } from 'node:fs/promises';
import { buildProgram } from '../dist/cli/program.js';
import { renderCliReference } from '../dist/cli/reference.js';
import { renderReference } from '../dist/config/reference.js';

const docs = new URL('../docs/', import.meta.url);
await writeFile(new URL('configuration.md', docs), renderReference());
await writeFile(new URL('cli.md', docs), renderCliReference(buildProgram({}, '', () => {})));
console.log('Wrote docs/configuration.md and docs/cli.md.');
