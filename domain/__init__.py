"""What is true, without I/O: aggregates, value objects, matching, policies."""
