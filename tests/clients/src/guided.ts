// The guide's own TypeScript (docs/clients.md), as it stands there: it verifies, follows, keeps, and says what was refused.
import { headers, said, same, url } from './asking.js';
import { Catalog, ClientCredentials, Registry, RegistryError, changed, every, verify } from './guide.js';
import { createServer } from 'node:http';

const token = headers.Authorization.slice('Bearer '.length);
let issued = 0;
const provider = createServer((request, response) => {
  issued += request.headers.authorization === `Basic ${Buffer.from('hr:secret').toString('base64')}` ? 1 : 100;
  response.end(JSON.stringify({ access_token: token, expires_in: 300 }));
}).listen(0, '127.0.0.1');
await new Promise((done) => provider.once('listening', done));
const { port } = provider.address() as { port: number };
const tokens = new ClientCredentials(`http://127.0.0.1:${port}/token`, 'hr', 'secret');
const registry = new Registry(url, tokens);

const { titles, until } = await changed(registry, '0');
same('two titles, one of which was revoked', titles.map((title) => title.status).sort(), ['CURRENT', 'REVOKED']);
const revoked = titles.find((title) => title.status === 'REVOKED');
same('nothing since', (await changed(registry, until)).titles, []);

const cases: unknown[] = [];
const paged = 'query ($after: String) { cases(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
for await (const each of every(registry, paged, 'cases', {})) cases.push(each.id);
same('every case, page by page', new Set(cases).size, 3);

const outcomes: string[] = [];
const asked = [
  { caseNumber: revoked?.caseNumber as string, holderName: '王敏' },
  { caseNumber: 'ZJ2026-00000-00000', holderName: '王敏' },
  { caseNumber: '7', holderName: '王敏' },
];
for await (const answer of verify(registry, asked, until)) outcomes.push(answer.outcome);
same('what is held of them', outcomes, ['ENDED', 'UNKNOWN', 'MALFORMED']);

const catalog = new Catalog(url);
const document = '{ catalogs { code } }';
same('the catalog, from what was kept', await catalog.ask(document), await catalog.ask(document));

const wrong = await registry.ask('{ nothing }').catch((error: RegistryError) => error.code);
same('what comes again is not repeated', wrong, 'GRAPHQL_VALIDATION_FAILED');
same('one token for all of it', issued, 1);
provider.close();
said('the guide as it stands: verified, followed, paged and kept with one token');
