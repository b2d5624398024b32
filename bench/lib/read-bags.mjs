// Reads the recordings whose paths come in, and sends back what is in each: the child of mutated-bags.mjs.
import { openBag } from '../../dist/bags/reader.js';

process.on('message', async (path) => {
  const answer = { counts: {}, times: {}, warnings: [] };
  try {
    const bag = await openBag(path);
    for await (const { topic, logTimeNs } of bag.messages()) {
      const name = `${topic} at ${logTimeNs}`;
      answer.counts[topic] = (answer.counts[topic] ?? 0) + 1;
      answer.times[name] = (answer.times[name] ?? 0) + 1;
    }
    answer.warnings = [...bag.warnings];
    await bag.close();
  } catch (error) {
    if (error.name === 'FeltmapError') answer.refused = error.message;
    else answer.crash = error.stack ?? String(error);
  }
  process.send(answer);
});
process.send({ ready: true });
