"""Reads over GraphQL, measured beside what a user could pick instead."""
