"""The rule sets a case may have been decided with; each stays, so that replaying the case gives the same match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from domain.matching.matcher import Matcher
from domain.matching.vocabulary import Vocabulary
from domain.values import Alias, CatalogEntry

RULE_SETS: Final[Mapping[str, type[Matcher]]] = MappingProxyType({Matcher.rule_set: Matcher})
"""Rule-set version → the matcher that knows it. A new version is added as a subclass or module; none is ever removed."""


def matcher_for(
    rule_set: str, entries: Sequence[CatalogEntry], aliases: Sequence[Alias], vocabulary: Vocabulary
) -> Matcher:
    """The matcher of a rule set over a catalog version; raises ``ValueError`` for a rule set this release does not know."""
    known = RULE_SETS.get(rule_set)
    if known is None:
        raise ValueError(
            f"No rule set {rule_set!r}; this release knows {', '.join(RULE_SETS)}: read the case with the release that decided it."
        )
    return known(entries, aliases, vocabulary)
