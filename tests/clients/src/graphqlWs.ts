// graphql-ws: its client over graphql-transport-ws, the token in the first message.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { headers, said, same, url } from './asking.js';
import { type Change, QUERY, follow } from './following.js';

const client = createClient({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, connectionParams: headers });
await follow((after) => client.iterate<{ titleChanges: Change }>({ query: QUERY, variables: { after } }));

let refused: unknown = null;
try {
  for await (const _ of client.iterate({ query: 'subscription { events { position } }' })) break;
} catch (errors) {
  refused = (errors as readonly { extensions: { code: string } }[])[0]?.extensions.code;
}
same('what a reviewer may not follow', refused, 'NOT_PERMITTED');
await client.dispose();
said('graphql-transport-ws, the token in connection_init, gone on with from the middle');
