/** Ways to colour the surface, in the order of their keys 1 … 4. */
export const SHADINGS = ['normal', 'height', 'colour', 'age'] as const;
export type Shading = (typeof SHADINGS)[number];

/** What is shown for a choice: without one (`auto`) the colours of a map that has some, else heights. */
export function shadingOf(choice: Shading | 'auto', hasColours: boolean): Shading {
  if (choice !== 'auto') return choice;
  return hasColours ? 'colour' : 'height';
}
