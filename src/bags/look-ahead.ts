/**
 * Does asynchronous work on a few items at a time, before they are asked for, and gives the results in the order of the
 * items: while one is used, the next ones are under way.
 *
 * @param ahead how many are under way
 */
export async function* lookAhead<A, B>(
  items: AsyncIterable<A>,
  work: (item: A) => Promise<B>,
  ahead = 4,
): AsyncGenerator<B> {
  const source = items[Symbol.asyncIterator]();
  const underWay: Promise<B>[] = [];
  try {
    for (let ended = false; ;) {
      while (!ended && underWay.length < ahead) {
        const next = await source.next();
        if (next.done) {
          ended = true;
          break;
        }
        const result = work(next.value);
        result.catch(() => undefined); // it is awaited below, perhaps after others have failed
        underWay.push(result);
      }
      const first = underWay.shift();
      if (!first) return;
      yield await first;
    }
  } finally {
    await source.return?.();
    await Promise.allSettled(underWay);
  }
}
