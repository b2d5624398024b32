import { expect } from 'vitest';
import type { DiagnosticMessage } from './graph.js';

/** What the status whose name ends so says, by key. */
export function valuesOf(message: DiagnosticMessage, name: string): ReadonlyMap<string, string> {
  const status = message.status.find((s) => s.name.endsWith(name));
  expect(status, `status ${name}`).toBeDefined();
  return new Map(status!.values.map(({ key, value }) => [key, value] as const));
}

/** Scans that were dropped so far, whatever for. */
export function dropped(message: DiagnosticMessage): number {
  return [...valuesOf(message, ': process')]
    .filter(([key]) => key.startsWith('dropped_'))
    .reduce((sum, [, value]) => sum + Number(value), 0);
}
