"""The command line against a server: what a token lets its bearer ask and do, over GraphQL, without a database."""
