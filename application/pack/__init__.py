"""Audit packs: what a decision rests on, as one file that is verified without database, network or any key of the registry."""
