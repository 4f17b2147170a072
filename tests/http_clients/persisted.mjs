// Asks the GraphQL endpoint in the first argument through Apollo Client and urql with automatic persisted queries, by POST and by
// GET. Prints a line for each question: client, method, what came, and whether each request on the way carried its document.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

const uri = process.argv[2];
if (!uri) {
  console.error('Usage: node persisted.mjs http://127.0.0.1:8000/graphql');
  process.exit(2);
}
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
let sent = [];

async function noting(address, options = {}) {
  const whole = new URL(address).searchParams.has('query') || (options.body ?? '').includes('"query":');
  const answer = await fetch(address, options);
  sent.push(`${answer.status} ${whole ? 'document' : 'hash'}`);
  return answer;
}

// A client made anew has no cache of its own: the second question shows what the server has kept.
const apollo = (get) => async (document) => {
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: get });
  const link = ApolloLink.from([persisted, new HttpLink({ uri, fetch: noting })]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  return (await client.query({ query: gql(document) })).data;
};
const urql = (get) => async (document) => {
  const persisted = persistedExchange({ preferGetForPersistedQueries: get, generateHash: async (text) => sha256(text) });
  const client = new Client({ url: uri, fetch: noting, preferGetMethod: false, exchanges: [persisted, fetchExchange] });
  return (await client.query(document, {}).toPromise()).data;
};

for (const [name, client] of Object.entries({ apollo, urql })) {
  for (const get of [false, true]) {
    const method = get ? 'GET' : 'POST';
    for (const turn of ['first', 'again']) {
      sent = [];
      const data = await client(get)(`query ${name}${method}${process.pid} { actor }`);
      console.log(`${name} ${method} ${turn}: ${data?.actor} after ${sent.join(', ')}`);
    }
  }
}
