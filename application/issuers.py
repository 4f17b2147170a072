"""The catalog's own names of its issuing bodies, as aliases.

Matching knows bodies by aliases. A catalog, or an amendment, that brings in a body which no alias names would never match
anybody; so the body's official spelling goes along as an alias. It is recorded with the terms, so replay needs no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from domain.catalog.amendment import AliasChange, AmendmentTerms
from domain.catalog.names import is_readable
from domain.matching import Vocabulary
from domain.matching.issuers import IssuerBook
from domain.matching.normalise import fold
from domain.text import identifying_form
from domain.values import Alias, AliasChangeKind, AliasKind, EntryChangeKind

GROUND: Final = "the catalog's own name of the body"
_HAN: Final = r"\u3040-\u30ff\u4e00-\u9fff々"
_PART: Final = re.compile(rf"[{_HAN}]+|[^{_HAN}（）()]+")


def own_spellings(bodies: Iterable[str], known: Sequence[Alias], words: Vocabulary) -> tuple[Alias, ...]:
    """Aliases for what these bodies are called and the known aliases do not explain.

    A body of which one name is known keeps its key; another gets a key of its own.
    """
    book = IssuerBook(known, words)
    made: dict[str, Alias] = {}
    for body in dict.fromkeys(bodies):
        read = book.read(fold(body))
        if read.names and not read.unexplained and not read.corrected:
            continue
        shared = frozenset[str].intersection(*read.names) if read.names and not read.corrected else frozenset[str]()
        key = next(iter(shared)) if len(shared) == 1 else identifying_form(body).upper()
        for part in _parts(body):
            found = book.read(fold(part))
            if not found.names or found.corrected:
                made.setdefault(part, Alias(kind=AliasKind.ISSUING_BODY, text=part, issuer=key, ground=GROUND))
    return tuple(made.values())


def with_own_spellings(terms: AmendmentTerms, known: Sequence[Alias], words: Vocabulary) -> AmendmentTerms:
    """The terms with the names of bodies that they bring in and that neither the ``known`` aliases nor theirs explain."""
    added = [change.alias for change in terms.alias_changes if change.effect is AliasChangeKind.ADDED]
    bodies = [change.entry.issuing_body for change in terms.changes if change.entry]
    spellings = own_spellings(bodies, (*known, *(alias for alias in added if is_readable(alias, words))), words)
    changes = tuple(AliasChange(kind=EntryChangeKind.ADDED, alias=alias) for alias in spellings)
    return terms.model_copy(update={"alias_changes": (*terms.alias_changes, *changes)}) if changes else terms


def carried(bodies: Iterable[str], known: Sequence[Alias], words: Vocabulary) -> tuple[Alias, ...]:
    """The known aliases of the bodies that are named here, so that a further catalog knows their other names too."""
    book = IssuerBook(known, words)
    keys = {key for body in dict.fromkeys(bodies) for names in book.read(fold(body)).names for key in names}
    return tuple(dict.fromkeys(alias for alias in known if alias.issuer in keys))


def _parts(body: str) -> Iterator[str]:
    """A name in Chinese and one in another script, each by itself."""
    for part in _PART.findall(body):
        text = part.strip(" ,，、;；-–—")
        if len(identifying_form(text)) > 1:
            yield text
