/** Ways to colour the surface, in the order of their keys 1 … 4. */
export const SHADINGS = ['normal', 'height', 'colour', 'age'] as const;
export type Shading = (typeof SHADINGS)[number];
