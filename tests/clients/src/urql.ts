// urql with Graphcache, which knows the schema: what it answers from its cache alone.
import { readFileSync } from 'node:fs';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange, type Data } from '@urql/exchange-graphcache';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { caseId, headers, operation, pastId, said, same, told_apart, url } from './asking.js';
import type { AgainQuery, LastCasesQuery, PresentAndPastQuery } from './generated/types.js';

const text = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
const schema = introspectionFromSchema(buildSchema(text));
// What has no identifier of its own: kept where it stands, or under what names it.
const keys = { CaseEvent: () => null, Holder: (holder: Data) => String(holder.ref) };
const exchanges = [cacheExchange({ schema, keys }), fetchExchange];
const client = new Client({ url, preferGetMethod: false, fetchOptions: { headers }, exchanges });
const query = gql(operation('PresentAndPast'));
const kept = { requestPolicy: 'cache-only' } as const;

const asked = await client.query<PresentAndPastQuery>(query, { id: caseId });
same('no error', asked.error?.message ?? null, null);
told_apart('answer', asked.data?.present, asked.data?.past, asked.data?.present?.history);
const cached = await client.query<PresentAndPastQuery>(query, { id: caseId }, kept);
told_apart('cache', cached.data?.present, cached.data?.past, cached.data?.present?.history);

const ids = [caseId, pastId];
const again = await client.query<AgainQuery>(gql(operation('Again')), { ids });
same('looked up again', again.data?.nodes.map((node) => node?.id), ids);
const after = await client.query<PresentAndPastQuery>(query, { id: caseId }, kept);
told_apart('cache after', after.data?.present, after.data?.past, after.data?.present?.history);

const page = await client.query<LastCasesQuery>(gql(operation('LastCases')), { count: 1 });
same('the last page', [page.data?.cases.edges.length, page.data?.cases.pageInfo.hasPreviousPage], [1, true]);

said('Graphcache with the schema, cache-only answers present and past, nodes refetches');
