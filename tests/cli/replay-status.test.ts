import { describe, expect, it } from 'vitest';
import { nothingMapped } from '../../src/cli/replay-status.js';

describe('a replay that mapped nothing says why', () => {
  const end = { interrupted: false };
  const say = (
    sensor: 'rgbd' | 'touch',
    warnings: readonly string[],
    running: readonly string[] = [],
  ): string => {
    const input = { sensor, description: 'folder x', warnings };
    const before = ['x: intrinsics from a.json'];
    return (nothingMapped(end, input, {}, { running, before }) as Error).message;
  };

  it('by what came up while it was read, not by what was known before', () => {
    const skipped =
      'x: depth image skipped: x/1.png does not exist; check the path (3 times, this was the first)';
    expect(say('rgbd', ['x: intrinsics from a.json', skipped])).toBe(
      `There is no complete frame in folder x (${skipped}); nothing was written.`,
    );
    expect(say('rgbd', ['x: intrinsics from a.json'])).toMatch(/\(x: intrinsics from a.json\); nothing/);
  });

  it('by what cost frames, not by what cost their colour', () => {
    const color = 'x: depth is used without its colour: An image of x has 4×3 pixels';
    const skipped = 'x: depth image skipped: An image of x has 4×3 pixels';
    expect(say('rgbd', [color, skipped])).toMatch(/frame in folder x \(x: depth image skipped/);
  });

  it('by what the sensors said', () => {
    expect(say('touch', [], ['The gel gel has no calibration.'])).toMatch(
      /\(The gel gel has no calibration\); nothing/,
    );
    expect(say('touch', [])).toMatch(/\(nothing touched the sensor in any of its messages\); nothing/);
  });
});
