"""Matching certificates to catalog entries: pure, deterministic for a catalog version and a rule set."""

from domain.matching.matcher import RULE_SET, Match, Matcher
from domain.matching.rule_sets import matcher_for

__all__ = ["RULE_SET", "Match", "Matcher", "matcher_for"]
