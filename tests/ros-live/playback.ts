import type { RclPublisher } from './rcl.js';
import type { Recorded } from './recording.js';
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

/** Publishes a recording in the order and at the pace of its log times, `rate` times as fast. @returns how long it took (s) */
export async function playRecording(
  publishers: ReadonlyMap<string, RclPublisher>,
  messages: readonly Recorded[],
  rate = 1,
  before: (message: Recorded) => void = () => {},
): Promise<number> {
  const start = performance.now();
  const first = messages[0]!.logTimeNs;
  for (const message of messages) {
    const due = start + Number(message.logTimeNs - first) / 1e6 / rate;
    if (due > performance.now()) await sleep(due - performance.now());
    before(message);
    publishers.get(message.topic)!.publish(message.data);
  }
  return (performance.now() - start) / 1000;
}
