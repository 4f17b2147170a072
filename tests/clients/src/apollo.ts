// Apollo Client: what the normalised cache holds after one document, and what it answers without asking again.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { caseId, headers, operation, pastId, said, same, told_apart, url } from './asking.js';
import type { AgainQuery, LastCasesQuery, PresentAndPastQuery } from './generated/types.js';

const cache = new InMemoryCache({ possibleTypes: { Node: ['RecognitionCase', 'RecognizedTitle'] } });
const client = new ApolloClient({ cache, link: new HttpLink({ uri: url, headers }) });
const query = gql(operation('PresentAndPast'));
const variables = { id: caseId };

const asked = await client.query<PresentAndPastQuery>({ query, variables });
told_apart('answer', asked.data?.present, asked.data?.past, asked.data?.present?.history);
const kept = await client.query<PresentAndPastQuery>({ query, variables, fetchPolicy: 'cache-only' });
told_apart('cache', kept.data?.present, kept.data?.past, kept.data?.present?.history);

const held = cache.extract() as Record<string, { status?: string }>;
same('held of the present', held[`RecognitionCase:${caseId}`]?.status, 'REVOKED');
same('held of the past', held[`RecognitionCase:${pastId}`]?.status, 'MATCHED');

const ids = [pastId, caseId, 'case.none'];
const again = await client.query<AgainQuery>({ query: gql(operation('Again')), variables: { ids } });
same('looked up again', again.data?.nodes.map((node) => node?.id ?? null), [pastId, caseId, null]);
const after = await client.query<PresentAndPastQuery>({ query, variables, fetchPolicy: 'cache-only' });
told_apart('cache after', after.data?.present, after.data?.past, after.data?.present?.history);

const last = { query: gql(operation('LastCases')), variables: { count: 1 } };
const page = await client.query<LastCasesQuery>(last);
same('the last page', [page.data?.cases.edges.length, page.data?.cases.pageInfo.hasPreviousPage], [1, true]);

said('InMemoryCache holds present and past, cache-only answers both, nodes refetches');
