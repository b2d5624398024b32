import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findScanFiles } from '../../src/bags/folder-source.js';
import { scratchFolder } from './helpers.js';

const folder = scratchFolder();

/** A folder of empty files. */
function filled(name: string, files: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), '');
  return path;
}

describe('the scans of a folder', () => {
  it('are the files of the most common kind, in the order of the numbers in their names', async () => {
    const path = filled('mixed', ['10.pcd', '9.pcd', 'mesh.ply', 'notes.txt', 'cloud.pcd']);
    expect(await findScanFiles(path)).toEqual(['9.pcd', '10.pcd', 'cloud.pcd']);
  });

  it('are none of what a replay has written beside them', async () => {
    const results = ['report.json', 'cloud.pcd', 'cloud-1.pcd', 'mesh.ply', 'mesh-1.ply', 'object-1.ply'];
    expect(await findScanFiles(filled('both', ['2.pcd', '1.pcd', ...results]))).toEqual(['1.pcd', '2.pcd']);
    expect(await findScanFiles(filled('run', results))).toEqual([]);
  });
});
