import type { TriggerResult } from './port.js';

/** Answer of a Trigger service that did what it was asked. */
export function done(message: string): TriggerResult {
  return { success: true, message };
}

/** Answer of one that did not, with the reason. */
export function refused(message: string): TriggerResult {
  return { success: false, message };
}

/** What an error says. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
