import { beforeEach, describe, expect, it } from 'vitest';
import {
  MOST_REGIONS,
  ObjectCompleter,
  type ObjectEvent,
} from '../../../src/host/completion/object-completer.js';
import type { Box } from '../../../src/completion/complete-region.js';
import { boxAround, checkBox } from '../../../src/host/completion/region-box.js';
import { FakeSolver, slamWith } from './fakes.js';

const LEFT = [0, 0, 0, 0.2, 0.2, 0.2];
const RIGHT = [1, 0, 0, 1.2, 0.2, 0.2];
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

let solver: FakeSolver;
let completer: ObjectCompleter;
let events: ObjectEvent[];
let version: string;
let started: boolean;

beforeEach(() => {
  solver = new FakeSolver();
  [events, version, started] = [[], 'a', true];
  const slam = slamWith(() => version);
  const region = (box: Box) => (started ? slam.call({ type: 'region', box }) : undefined);
  completer = new ObjectCompleter({ region, solver });
  completer.listen((event) => void events.push(event));
});
const kinds = (): string[] => events.map(({ type, id }) => `${type} ${id}`);

describe('regions of the live map', () => {
  it('are completed, and again when the map has changed there', async () => {
    completer.setBoxes([LEFT, RIGHT]);
    await settle();
    expect(kinds()).toEqual(['object 1', 'object 2']);
    expect(events[0]).toMatchObject({ object: { points: 12 } });
    await completer.refresh();
    expect(solver.boxes).toHaveLength(2);
    version = 'b';
    expect(await completer.refresh()).toEqual({ completed: 2, errors: [] });
    expect(kinds().slice(2)).toEqual(['object 1', 'object 2']);
    // Asked for, they are completed even so.
    await completer.completeAll();
    expect(solver.boxes).toHaveLength(6);
    // Who comes late hears of all that there are.
    const late: string[] = [];
    completer.listen(({ type, id }) => void late.push(`${type} ${id}`));
    expect(late).toEqual(['object 1', 'object 2']);
  });

  it('that are on the list stay what they are, others go and come', async () => {
    completer.setBoxes([LEFT]);
    await settle();
    completer.setBoxes([RIGHT, LEFT]);
    await settle();
    expect(kinds()).toEqual(['object 1', 'object 2']);
    completer.setBoxes([RIGHT]);
    expect(kinds().at(-1)).toBe('object-gone 1');
    expect([...completer.regions.keys()]).toEqual([2]);
  });

  it('move with the point that is chosen in them; a point elsewhere makes another one', async () => {
    expect(completer.addAround([0, 0, 0], 0.2)).toBe(1);
    expect(completer.addAround([0.05, 0, 0], 0.2)).toBe(1);
    expect(completer.addAround([0.5, 0, 0], 0.2)).toBe(2);
    await settle();
    expect(completer.regions.get(1)).toEqual(boxAround([0.05, 0, 0], 0.2));
    // The box that was left is not shown any more, though its result came first.
    const shown = events.filter((event) => event.type === 'object' && event.id === 1);
    expect(shown).toHaveLength(1);
    expect((shown[0] as Extract<ObjectEvent, { type: 'object' }>).object.next!.point[0]).toBeCloseTo(0.05, 6);
  });

  it('tell why they could not be completed, once as long as nothing changes, and keep what was there', async () => {
    completer.setBoxes([LEFT]);
    await settle();
    solver.error = new Error('no table');
    version = 'b';
    expect((await completer.refresh()).errors).toEqual([solver.error]);
    await completer.refresh();
    expect(kinds()).toEqual(['object 1', 'object-failed 1']);
    expect(completer.objects.size).toBe(1);
    // Whoever asks is told again.
    expect(await completer.completeAll()).toEqual({ completed: 0, errors: [solver.error] });
  });

  it('are cleared: chosen ones for good, listed ones until somebody asks', async () => {
    completer.setBoxes([LEFT]);
    completer.addAround([1, 1, 1], 0.2);
    await settle();
    completer.clear();
    expect(kinds().slice(2)).toEqual(['object-gone 1', 'object-gone 2']);
    version = 'b';
    await completer.refresh();
    expect(events).toHaveLength(4);
    await completer.completeAll();
    expect(kinds().slice(4)).toEqual(['object 1']);
  });

  it('outlive the map: what is under way for the old one is not shown', async () => {
    let ready = (): void => undefined;
    solver.ready = new Promise((resolve) => (ready = resolve));
    completer.setBoxes([LEFT]);
    await settle();
    completer.reset();
    ready();
    await settle();
    expect(events).toEqual([]);
    await completer.refresh();
    expect(kinds()).toEqual(['object 1']);
    completer.reset();
    expect(kinds().at(-1)).toBe('object-gone 1');
  });

  it('wait for the SLAM thread', async () => {
    started = false;
    completer.setBoxes([LEFT]);
    await settle();
    expect(events).toEqual([]);
    started = true;
    await completer.refresh();
    expect(kinds()).toEqual(['object 1']);
    await completer.close();
    expect(solver.closed).toBe(true);
  });

  it('are refused where the prior covers none, or where there are too many', () => {
    expect(() => completer.setBoxes([[0, 0, 0, 0.1, 0.1]])).toThrow(/Box 1 takes six numbers/);
    expect(() => completer.setBoxes([LEFT, [0, 0, 0, 1.2, 0.1, 0.1]])).toThrow(
      /Box 2 is 1\.20 m long; .*at most 0\.5 m/,
    );
    expect(() => completer.addAround([0, 0, 0], 0.8)).toThrow(/0\.80 m long/);
    expect(() => completer.addAround([NaN, 0, 0], 0.2)).toThrow(/six numbers/);
    expect(() => checkBox([0, 0, 0, 0.1, 0, 0.1], '--complete')).toThrow(/--complete takes six numbers/);
    expect(completer.regions.size).toBe(0);
    for (let i = 0; i < MOST_REGIONS; i++) completer.addAround([i, 0, 0], 0.2);
    expect(() => completer.addAround([-1, 0, 0], 0.2)).toThrow(/clear those/);
    expect(completer.addAround([3, 0, 0], 0.2)).toBe(4);
  });
});
