import type { RclPublisher } from './rcl.js';
import { sleep } from './wait.js';

/** Publishes the messages at a fixed rate, on an absolute schedule so that delays do not add up. */
export async function play(
  publisher: RclPublisher,
  messages: readonly Buffer[],
  hz = 10,
  before: (index: number) => void = () => {},
): Promise<void> {
  const start = performance.now();
  for (const [index, message] of messages.entries()) {
    await sleep(Math.max(0, start + (index * 1000) / hz - performance.now()));
    before(index);
    publisher.publish(message);
  }
}
