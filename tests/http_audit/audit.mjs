// Runs every server audit of graphql-http against the GraphQL endpoint in the first argument and prints each.
// Exits with 1 unless all are ok, and with 2 if there are fewer audits than this suite is known to have.
import { serverAudits } from 'graphql-http';

const LEAST = 61;
const url = process.argv[2];
if (!url) {
  console.error('Usage: node audit.mjs http://127.0.0.1:8000/graphql');
  process.exit(2);
}

let failed = 0;
const audits = serverAudits({ url });
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== 'ok') failed += 1;
  console.log(`${result.status.padEnd(6)} ${result.id} ${result.name}${result.reason ? ` — ${result.reason}` : ''}`);
}
console.log(`${audits.length - failed} of ${audits.length} audits ok`);
if (audits.length < LEAST) {
  console.error(`Expected at least ${LEAST} audits: the package has changed.`);
  process.exit(2);
}
process.exit(failed ? 1 : 0);
