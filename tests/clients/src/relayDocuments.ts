// What relay-compiler compiles against the published schema. It checks what Relay asks of one: Node, node(id:), connections.
import relay from 'relay-runtime';

const { graphql } = relay;

export const documents = () => [
  graphql`
    query relayDocumentsPastQuery($id: ID!) {
      present: case(id: $id) {
        ...relayDocumentsState @relay(mask: false)
        history(first: 50) {
          version
          state {
            ...relayDocumentsState @relay(mask: false)
          }
        }
      }
      past: case(id: $id, atVersion: 2) {
        ...relayDocumentsState @relay(mask: false)
      }
    }
  `,
  graphql`
    fragment relayDocumentsState on RecognitionCase {
      id
      version
      status
      holder {
        ref
        name
      }
      entry {
        id
        qualificationName
        untilVersion
      }
      title {
        id
        status
      }
    }
  `,
  graphql`
    query relayDocumentsAgainQuery($id: ID!) {
      node(id: $id) {
        ...relayDocumentsRefetched @alias
        ... on RecognitionCase {
          id
          status
        }
      }
    }
  `,
  graphql`
    fragment relayDocumentsRefetched on RecognitionCase @refetchable(queryName: "relayDocumentsRefetchedQuery") {
      id
      status
    }
  `,
  graphql`
    query relayDocumentsLastQuery($count: Int!, $before: String) {
      ...relayDocumentsCases @arguments(count: $count, before: $before)
      cases(last: $count, before: $before) {
        edges {
          node {
            id
          }
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  `,
  graphql`
    fragment relayDocumentsCases on Query
    @argumentDefinitions(count: { type: "Int!" }, before: { type: "String" })
    @refetchable(queryName: "relayDocumentsCasesQuery") {
      earlier: cases(last: $count, before: $before) @connection(key: "relayDocuments_earlier") {
        edges {
          node {
            id
            status
          }
        }
      }
    }
  `,
];
