export function generator(seed: number): () => number;
export function mutate(original: Uint8Array, seed: number): { kind: string; bytes: Buffer };
