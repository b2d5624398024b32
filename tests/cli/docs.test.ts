import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { buildProgram, type Actions } from '../../src/cli/program.js';
import { renderCliReference } from '../../src/cli/reference.js';
import { listSettings } from '../../src/config/settings.js';
import { renderReference } from '../../src/config/reference.js';

const program = () => buildProgram({} as Actions, '', () => undefined);

async function committed(name: string): Promise<string> {
  return readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

describe('generated documentation', () => {
  it('docs/configuration.md is what the schema says (npm run docs writes it)', async () => {
    expect(await committed('configuration.md')).toBe(renderReference());
  });

  it('docs/cli.md is what the commands say (npm run docs writes it)', async () => {
    expect(await committed('cli.md')).toBe(renderCliReference(program()));
  });

  it('covers every setting and every option', async () => {
    const reference = renderReference();
    for (const { path } of listSettings()) expect(reference).toContain(`\`${path}\``);
    const cli = renderCliReference(program());
    for (const command of program().commands) {
      expect(cli).toContain(`feltmap ${command.name()}`);
      for (const option of command.options) expect(cli).toContain(option.long!);
    }
  });
});
