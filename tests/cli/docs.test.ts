import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Actions } from '../../src/cli/command-options.js';
import { buildProgram } from '../../src/cli/program.js';
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
    const commands = program().commands.flatMap((c) => (c.commands.length > 0 ? c.commands : [c]));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      expect(cli).toMatch(new RegExp(`^## .feltmap (eval )?${command.name()} `, 'm'));
      for (const option of command.options) expect(cli).toContain(option.long!);
    }
  });
});
