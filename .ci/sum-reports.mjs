// Adds up the runner's own JSON reports and prints the closing line. Exit code 1 when a test or another step of CI failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let broken = 0;
const reports = readdirSync(folder).filter((name) => name.endsWith('.json'));
for (const name of reports) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A file that does not even load has no tests to fail.
  broken += report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
}
failed += broken;
const ok = failed === 0 && passed > 0 && Number(failedSteps) === 0;
if (!ok && failed === 0) failed = Number(failedSteps) || 1;
console.log(`tests: ${passed} passed, ${failed} failed`);
process.exitCode = ok ? 0 : 1;
