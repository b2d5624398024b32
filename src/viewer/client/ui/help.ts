import { el } from './dom.js';

/** Keys and what they do; the help overlay and the user guide show the same list. */
export const SHORTCUTS = [
  ['Space', 'Pause and go on (replay)'],
  ['1 2 3 4', 'Shade by normal, height, colour, age'],
  ['O', 'Orbit camera'],
  ['F', 'Follow the robot'],
  ['P', 'Plan: straight from above'],
  ['R', 'Everything in view again'],
  ['M', 'Measure between two clicked points'],
  ['E', 'Complete an entire object: click on it'],
  ['C', 'Cut: slicing plane on and off'],
  ['[ ]', 'Move the slicing plane'],
  ['S T K X G', 'Scan, trajectory, keyframes, axes, grid'],
  ['A', 'Soft shadows'],
  ['D', 'Dark and light'],
  ['I', 'Panel'],
  ['Esc', 'Close, stop measuring and completing'],
  ['?', 'This help'],
] as const;

const POINTER = [
  ['Drag', 'Turn (from above: move)'],
  ['Right drag, Shift drag', 'Move'],
  ['Wheel', 'Nearer and farther'],
  ['Double click', 'Look at this point'],
] as const;

const TOUCH = [
  ['One finger', 'Turn (from above: move)'],
  ['Two fingers', 'Move and zoom'],
  ['Double tap', 'Look at this point'],
] as const;

/** The help overlay: a modal dialog, so that focus stays in it and Escape closes it. */
export function helpDialog(): HTMLDialogElement {
  const close = el('button', { type: 'submit', class: 'primary' }, 'Close');
  return el(
    'dialog',
    { class: 'help', 'aria-labelledby': 'help-title' },
    el('h2', { id: 'help-title' }, 'Keys, mouse and touch'),
    el('div', { class: 'columns' }, table(SHORTCUTS), el('div', {}, table(POINTER), table(TOUCH))),
    el('form', { method: 'dialog' }, close),
  );
}

function table(rows: readonly (readonly [string, string])[]): HTMLElement {
  return el(
    'dl',
    { class: 'keys' },
    ...rows.map(([key, text]) => el('div', {}, el('dt', {}, key), el('dd', {}, text))),
  );
}
