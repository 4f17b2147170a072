// Relay: its store after one document, and a page read backward through a connection.
import relay from 'relay-runtime';
import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime';
import { caseId, headers, pastId, said, same, told_apart, url } from './asking.js';
import Again, { type relayDocumentsAgainQuery } from './generated/relay/relayDocumentsAgainQuery.graphql.js';
import Last, { type relayDocumentsLastQuery } from './generated/relay/relayDocumentsLastQuery.graphql.js';
import Past, { type relayDocumentsPastQuery } from './generated/relay/relayDocumentsPastQuery.graphql.js';

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery } = relay;

async function fetched(request: RequestParameters, variables: Variables): Promise<GraphQLResponse> {
  const body = JSON.stringify({ query: request.text, variables });
  const type = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers: { ...headers, ...type }, body });
  return (await response.json()) as GraphQLResponse;
}

const environment = new Environment({ network: Network.create(fetched), store: new Store(new RecordSource()) });
const asked = await fetchQuery<relayDocumentsPastQuery>(environment, Past, { id: caseId }).toPromise();
told_apart('answer', asked?.present, asked?.past, asked?.present?.history);

function looked() {
  const found = environment.lookup(createOperationDescriptor(Past, { id: caseId }).fragment);
  const data = found.data as unknown as relayDocumentsPastQuery['response'];
  told_apart('store', data.present, data.past, data.present?.history);
  const held = environment.getStore().getSource();
  same('held of the present', held.get(caseId)?.status, 'REVOKED');
  same('held of the past', held.get(pastId)?.status, 'MATCHED');
}

looked();
const again = await fetchQuery<relayDocumentsAgainQuery>(environment, Again, { id: pastId }).toPromise();
same('looked up again', [again?.node?.id, again?.node?.status], [pastId, 'MATCHED']);
looked();
const page = await fetchQuery<relayDocumentsLastQuery>(environment, Last, { count: 1 }).toPromise();
same('the last page', [page?.cases.edges.length, page?.cases.pageInfo.hasPreviousPage], [1, true]);

said('compiled with refetchable and @connection backward; the store holds present and past');
