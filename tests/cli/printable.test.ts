import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { convertRecording, describeConversion } from '../../src/cli/convert.js';
import { describeError } from '../../src/cli/describe-error.js';
import { collectInfo, describeInfo } from '../../src/cli/info.js';
import { printable, printableLines } from '../../src/cli/printable.js';
import { Progress } from '../../src/cli/progress.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { scratchFolder, smallScan } from '../bags/helpers.js';

const folder = scratchFolder();
const TITLE = '\u001b]0;owned\u0007';
const NASTY = [TITLE, '\u001b[2J', '\u009b31m', '\r', '\n', '\u007f', '\u202e', '\u2066'];
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('what names in a recording can do to a terminal', () => {
  it('nothing: controls become escapes, all other text stays', () => {
    for (const nasty of NASTY) expect(printable(`/a${nasty}b`)).not.toMatch(CONTROLS);
    expect(printable('/a\u001b[1m\nwarning')).toBe('/a\\u001b[1m\\u000awarning');
    expect(printable('Überblick × 3 → 点 …')).toBe('Überblick × 3 → 点 …');
    expect(printableLines('a\nb\u0007')).toBe('a\nb\\u0007');
  });

  it('JSON means the same afterwards', () => {
    const value = { topic: `/points${NASTY.join('')}` };
    const text = printableLines(JSON.stringify(value, null, 2));
    expect(text).not.toMatch(CONTROLS);
    expect(JSON.parse(text)).toEqual(value);
  });

  it('info, convert, errors and notes print none of them', async () => {
    const path = join(folder, 'nasty.mcap');
    const writer = await McapBagWriter.create(path);
    await writer.writeScan(`/points${TITLE}`, {
      ...smallScan(5n),
      frameId: 'lidar\u001b[8m\nwarning: forged',
    });
    await writer.close();
    const info = describeInfo(await collectInfo(path));
    expect(info).not.toMatch(CONTROLS);
    expect(info).toContain('/points\\u001b]0;owned\\u0007');
    expect(info).not.toMatch(/^warning/m);
    const converted = await convertRecording(path, join(folder, 'copy.mcap'));
    expect(describeConversion(converted)).not.toMatch(CONTROLS);

    writeFileSync(join(folder, 'text'), 'no bag');
    const error = new FeltmapError('not-found', `there is no topic /points${NASTY.join('')}`);
    expect(describeError(error)).not.toMatch(CONTROLS);
    let written = '';
    new Progress('lines', { write: (text) => (written += text) }).note(`Warning: ${NASTY.join('')}`);
    expect(written.replace(/\n$/, '')).not.toMatch(CONTROLS);
    expect(written).not.toMatch(/\n./);
  });
});
