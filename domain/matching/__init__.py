"""Matching a certificate to the catalog entry that it is."""

from domain.matching.answer import RULE_SET, Match
from domain.matching.matcher import Matcher
from domain.matching.rule_sets import matcher_for
from domain.matching.vocabulary import Vocabulary

__all__ = ["RULE_SET", "Match", "Matcher", "Vocabulary", "matcher_for"]
