import { expect, it } from 'vitest';
import { RecordedOrder } from '../../src/bags/recorded-order.js';

const SECOND = 1_000_000_000n;

/** Notes of parts of a file that are read in the order of `read`, each a list of topic and seconds. */
function notes(parts: readonly (readonly (readonly [string, number])[])[], read = parts.map((_, i) => i)) {
  const order = new RecordedOrder();
  for (const at of read)
    for (const [topic, seconds] of parts[at]!)
      order.add(topic, at, BigInt(Math.round(seconds * 10)) * (SECOND / 10n));
  return order.notes;
}

it('tells times that go back from part to part, whatever order they are read in, or within a part', () => {
  const parts = [[['/a', 10], ['/b', 10], ['/a', 11]], [['/a', 9.4], ['/b', 10.1]], [['/a', 12]]] as const; // prettier-ignore
  const told = [expect.stringMatching(/^\/a: .* go back by 1\.60 s: the clock of the recorder was set back/)];
  expect(notes(parts)).toEqual(told);
  expect(notes(parts, [1, 0, 2])).toEqual(told);
  expect(notes([parts.flat()])).toEqual(told);
});

it('says nothing of topics that were written one after the other, nor of messages a little late', () => {
  expect(notes([[['/a', 0], ['/a', 20], ['/b', 0]], [['/b', 1], ['/b', 20]]])).toEqual([]); // prettier-ignore
  expect(notes([[['/a', 1]], [['/a', 0.7]], [['/a', 2]]])).toEqual([]);
  expect(notes([])).toEqual([]);
});
