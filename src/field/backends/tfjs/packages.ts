import type * as tfjs from '@tensorflow/tfjs-core';

/** tfjs-core's module. */
export type Tf = typeof tfjs;

/** Imports a package by name; tests put another in its place. */
export type Importer = (specifier: string) => Promise<unknown>;

/** The packages that are installed beside Feltmap. */
export const installed: Importer = (name) => import(name);

/** @throws Error that says in a line why the package cannot be used */
export async function load(importer: Importer, specifier: string): Promise<unknown> {
  try {
    return await importer(specifier);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (missing && String(error).includes(specifier)) throw new Error(`${specifier} is not installed`);
    throw new Error(`${specifier} does not load: ${firstSentence(error)}`);
  }
}

/** What an error says, short enough for a list of reasons. */
export function firstSentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.trim().slice(0, 200) || 'unknown error';
}
