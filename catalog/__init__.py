"""The official content: source notices, entries, authorities and divisions, and what reads them. Imports only `domain`."""
