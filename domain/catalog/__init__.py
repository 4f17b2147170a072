"""Catalogs: the timeline of versions, what amendments change, which names they make, and proposals of further catalogs."""
