export const HOSTILE: readonly string[];
export function writeHostile(folder: string, name: string): Promise<string>;
