/** How an image may lie to the one it should be: what its places are to be read as. */
export interface Turn {
  /** In words, empty where it lies as it should. */
  readonly words: string;
  readonly right: boolean;
  readonly down: boolean;
  /** Sides exchanged: only square images can be so. */
  readonly across: boolean;
}

/** All ways to turn and mirror an image, the right one first. */
export const TURNS: readonly [Turn, ...Turn[]] = [
  { words: '', right: false, down: false, across: false },
  { words: 'mirrored left to right', right: true, down: false, across: false },
  { words: 'mirrored top to bottom', right: false, down: true, across: false },
  { words: 'turned by 180°', right: true, down: true, across: false },
  { words: 'turned by 90° and mirrored', right: false, down: false, across: true },
  { words: 'turned by 90°', right: true, down: false, across: true },
  { words: 'turned by −90°', right: false, down: true, across: true },
  { words: 'turned by −90° and mirrored', right: true, down: true, across: true },
];

/** Where in a turned square of `side` by `side` values, row by row, the one of (x, y) has gone. */
export function turnedPlace({ right, down, across }: Turn, x: number, y: number, side: number): number {
  let [u, v] = across ? [y, x] : [x, y];
  if (right) u = side - 1 - u;
  if (down) v = side - 1 - v;
  return v * side + u;
}
