"""Projections at work on PostgreSQL: generated tables, the live runner, rebuild and check, reading one's writes."""
