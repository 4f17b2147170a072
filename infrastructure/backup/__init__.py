"""Backups of a whole registry: one sealed file, and the way back from it."""
