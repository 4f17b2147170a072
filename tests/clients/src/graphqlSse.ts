// graphql-sse: its client in distinct connections mode, the token as a header.
import { createClient } from 'graphql-sse';
import { headers, said, same, url } from './asking.js';
import { type Change, QUERY, follow } from './following.js';

const client = createClient({ url, headers });
await follow((after) => client.iterate<{ titleChanges: Change }>({ query: QUERY, variables: { after } }));

const errors: unknown[] = [];
for await (const result of client.iterate({ query: 'subscription { events { position } }' })) {
  errors.push(...(result.errors ?? []).map((error) => error.extensions?.['code']));
}
same('what a reviewer may not follow', errors, ['NOT_PERMITTED']);
const single: unknown[] = [];
for await (const result of client.iterate<{ catalogs: unknown[] }>({ query: '{ catalogs { code } }' })) {
  single.push(result.data?.catalogs.length);
}
same('a query over events', single, [1]);
client.dispose();
said('distinct connections mode, a refusal as next, a query, gone on with from the middle');
