import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrajectory, readPly } from '../../src/cli/eval-files.js';
import { openTruth } from '../../src/cli/replay-truth.js';
import { loadConfig } from '../../src/config/load.js';

const dir = mkdtempSync(join(tmpdir(), 'feltmap-pipe-'));
const pipe = join(dir, 'pipe.ply');
beforeAll(() => void execFileSync('mkfifo', [pipe]));
afterAll(() => rmSync(dir, { recursive: true }));

// To open a pipe that nobody writes to takes for ever, and no signal but SIGKILL ends a program that tries.
describe('a pipe in the place of a file', () => {
  it('is refused at once', async () => {
    await expect(openTruth(pipe, 'drive.mcap', 0)).rejects.toThrow(/is a pipe, not a file/);
    await expect(readTrajectory(pipe)).rejects.toThrow(/is a pipe, not a file/);
    await expect(readPly(pipe)).rejects.toThrow(/is a pipe, not a file/);
    await expect(loadConfig({ file: pipe })).rejects.toThrow(/folder, pipe or device/);
    await expect(loadConfig({ file: dir })).rejects.toThrow(/folder, pipe or device/);
  }, 5000);
});
