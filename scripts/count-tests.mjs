// Prints `N passed, N failed[, N skipped]` from Vitest's JSON report and fails when the run did.
// Usage: node scripts/count-tests.mjs REPORT.json STATUS_OF_THE_TEST_COMMAND
import { readFileSync } from 'node:fs';

const [, , report, statusText] = process.argv;
const status = Number(statusText);

let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const file of testResults) {
    // A file that could not even be loaded has no tests to count: count the file.
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) failed++;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failed++;
      else skipped++;
    }
  }
} catch {
  console.error('The tests did not run: a step before them failed (build, types or style), see above.');
}
if (status !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(status !== 0 ? status : failed > 0 ? 1 : 0);
