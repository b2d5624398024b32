import { expect, it } from 'vitest';
import { Notices } from '../../src/slam/notices.js';

it('Notices come in the order in which they were asked for, each once', () => {
  const notices = new Notices();
  const [a, b]: [string[], string[]] = [['a1'], []];
  expect(notices.gather([a, b])).toEqual(['a1']);
  b.push('b1');
  expect(notices.gather([a, b])).toEqual(['a1', 'b1']);
  a.push('a2');
  b.push('b2', 'b3');
  expect(notices.gather([a, b])).toEqual(['a1', 'b1', 'a2', 'b2', 'b3']);
  expect(notices.gather([a, b])).toHaveLength(5);
});
