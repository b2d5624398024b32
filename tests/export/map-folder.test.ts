import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readMapFolder, writeMapFolder } from '../../src/export/map-folder.js';
import { encodeSavedMap, openSavedMap } from '../../src/field/saved/saved-map.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { content, floor } from '../field/saved/content.js';

/** How often a program is killed while it writes. */
const KILLS = Number(process.env.FELTMAP_KILLS ?? 20);
/** Bytes that still fit on the disk. */
const disk = vi.hoisted(() => ({ left: Infinity }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    open: async (...args: Parameters<typeof fs.open>) => {
      const handle = await real.open(...args);
      const write = handle.write.bind(handle) as (b: Uint8Array, at: number, n: number) => Promise<unknown>;
      handle.write = (async (bytes: Uint8Array, at: number, n: number) => {
        if (n > disk.left) throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
        disk.left -= n;
        return write(bytes, at, n);
      }) as unknown as typeof handle.write;
      return handle;
    },
  };
});

const root = mkdtempSync(join(tmpdir(), 'feltmap-map-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = '';
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  disk.left = Infinity;
});

const OLD = encodeSavedMap(content(floor(7)));
const NEW = encodeSavedMap({ ...content(floor(8, 4)), scans: 99 });
const names = (map: ReadonlyMap<string, Uint8Array>): string[] => [...map.keys()].sort();
const isSame = (a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean =>
  a.size === b.size &&
  [...a].every(([name, bytes]) => Buffer.compare(bytes, b.get(name) ?? Buffer.of()) === 0);

describe('the folder of a saved map', () => {
  it('holds what was written last, and nothing of the one before', async () => {
    const old = encodeSavedMap(content(floor(7), false));
    for (const map of [OLD, NEW, NEW, old, OLD]) {
      await writeMapFolder(join(folder, 'map'), map);
      expect(isSame(await readMapFolder(join(folder, 'map')), map)).toBe(true);
      expect(readdirSync(join(folder, 'map')).sort()).toEqual(names(map));
    }
  });

  it('of version 1 is replaced, too; what is not ours stays', async () => {
    writeFileSync(join(folder, 'field.bin'), 'x');
    writeFileSync(join(folder, '.manifest.json.0123abcd.tmp'), 'x');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await writeMapFolder(folder, OLD);
    expect(readdirSync(folder).sort()).toEqual([...names(OLD), 'notes.txt'].sort());
  });

  it('is read by its manifest: other files are not touched', async () => {
    await writeMapFolder(folder, OLD);
    writeFileSync(join(folder, 'huge.bin'), 'x'.repeat(1000));
    symlinkSync('/dev/zero', join(folder, 'endless.bin'));
    symlinkSync('loop.bin', join(folder, 'loop.bin'));
    expect(isSame(await readMapFolder(folder), OLD)).toBe(true);
  });

  it('says what is wrong: nothing there, another file, a device, no permission', async () => {
    await expect(readMapFolder(folder)).rejects.toThrow(/holds no saved map/);
    await expect(readMapFolder(join(folder, 'no'))).rejects.toThrow(/holds no saved map/);
    symlinkSync('loop', join(folder, 'loop'));
    // Like a folder that may not be searched: it is there, but cannot be looked into.
    await expect(readMapFolder(join(folder, 'loop'))).rejects.toMatchObject({ code: 'io' });

    await writeMapFolder(folder, OLD);
    const layer = join(folder, names(OLD).find((name) => name.includes('distance'))!);
    writeFileSync(layer, Buffer.alloc(1 << 20));
    await expect(readMapFolder(folder)).rejects.toThrow(/has 1048576 bytes, more than the .* another map/);
    rmSync(layer);
    symlinkSync('/dev/zero', layer);
    await expect(readMapFolder(folder)).rejects.toThrow(/is a device/);
    rmSync(layer);
    const files = await readMapFolder(folder);
    expect(() => openSavedMap(files).submaps[0]!.grids[0]!.content()).toThrow(/There is no submap-0\.grid-0\.distance/);
  }); // prettier-ignore

  it('keeps the earlier map whatever part of the new one the disk takes', async () => {
    const size = [...NEW.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    const ends = [...NEW.values()].map(
      (
        (sum) => (bytes) =>
          (sum += bytes.length)
      )(0),
    );
    const places = [0, 1, ...ends.flatMap((end) => [end - 1, end]), size / 3, size / 2].map(Math.floor);
    for (const left of places.filter((place) => place < size)) {
      await writeMapFolder(folder, OLD);
      disk.left = left;
      const error: unknown = await writeMapFolder(folder, NEW).catch((e: unknown) => e);
      disk.left = Infinity;
      expect(error).toBeInstanceOf(FeltmapError);
      expect((error as Error).message).toMatch(/disk is full/);
      expect(isSame(await readMapFolder(folder), OLD), `${left} bytes left`).toBe(true);
      expect(readdirSync(folder).sort()).toEqual(names(OLD));
    }
    disk.left = size;
    await writeMapFolder(folder, NEW);
    expect(isSame(await readMapFolder(folder), NEW)).toBe(true);
  });

  it(
    'holds one whole map whenever the program is killed',
    async () => {
      const [target, a, b] = ['map', 'a', 'b'].map((name) => join(folder, name)) as [string, string, string];
      await writeMapFolder(a, OLD);
      await writeMapFolder(b, NEW);
      await writeMapFolder(target, OLD);
      const url = new URL('../../dist/export/map-folder.js', import.meta.url);
      const script = `
      const { readMapFolder, writeMapFolder } = await import(${JSON.stringify(url.href)});
      const maps = [await readMapFolder(${JSON.stringify(a)}), await readMapFolder(${JSON.stringify(b)})];
      process.stdout.write('ready');
      for (let i = 0; ; i++) await writeMapFolder(${JSON.stringify(target)}, maps[i % 2]);`;
      const random = new Random(Date.now());
      const seen = { old: 0, new: 0, between: 0 };
      for (let i = 0; i < KILLS; i++) {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          cwd: fileURLToPath(new URL('../..', import.meta.url)),
        });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        await new Promise((resolve) => child.stdout.once('data', resolve));
        await wait(random.int(60));
        child.kill('SIGKILL');
        await ended;
        const files = await readMapFolder(target);
        const which = isSame(files, OLD) ? 'old' : isSame(files, NEW) ? 'new' : undefined;
        expect(which, `kill ${i}`).toBeDefined();
        seen[which!]++;
        openSavedMap(files).submaps[0]!.grids[0]!.content();
        if (readdirSync(target).length > files.size) seen.between++;
      }
      // It must have been killed in the middle of writing, too, or this shows nothing.
      expect(seen.between).toBeGreaterThan(0);
      await writeMapFolder(target, NEW);
      expect(readdirSync(target).sort()).toEqual(names(NEW));
    },
    20_000 + 5000 * KILLS,
  );
});
