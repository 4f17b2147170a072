"""GraphQL over HTTP: what a request may be, how it runs, and what the answer looks like. Knows no type of the schema."""
