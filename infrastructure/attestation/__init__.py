"""Attestations at work: where the keys lie that sign them, and the entries of their status lists."""
