"""Why a certificate is taken for an entry, or not: each reason a code with its facts, told as a sentence when it is read.

The codes are keys of the catalogue of messages (``domain/messages/matching.toml``). A fact named ``typed`` quotes what somebody
typed, so it is personal; every other is the catalog's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from domain.matching.normalise import Oddity
from domain.messages import Message, tell
from domain.values import TYPED, AliasKind, Reason, ReasonFact

_kept = lru_cache(maxsize=4_096)
"""Reasons with facts of the catalog alone are made once; what quotes typed text is never kept."""


def _because(message: Message) -> Reason:
    """The reason that a sentence of the catalogue tells."""
    facts: list[ReasonFact] = []
    typed: tuple[str, ...] = ()
    for name, fact in message.facts:
        values = tuple(map(str, fact)) if isinstance(fact, tuple) else (str(fact),)
        if name == TYPED:
            typed = values
        else:
            facts.append(ReasonFact(name=name, values=values))
    return Reason(code=message.key, facts=tuple(facts), typed=typed)


SAME_TEXT: Final = _because(tell("match.same_text"))
SEVERAL_NAMES: Final = _because(tell("match.several_names"))
MISSING_CERTIFIED: Final = _because(tell("match.missing_certified"))
ONE_IN_COMMON: Final = _because(tell("match.one_in_common"))
SEVERAL_MEANT: Final = _because(tell("match.several_meant"))
TWO_LANGUAGES: Final = _because(tell("match.two_languages"))
TRANSLATED_BACK: Final = _because(tell("match.translated_back"))
NOT_WHOLE: Final = _because(tell("match.not_whole"))
DANGLING: Final = _because(tell("match.dangling"))
HEDGED: Final = _because(tell("match.hedged"))
DEFERRED: Final = _because(tell("match.deferred"))
SWAPPED: Final = _because(tell("match.swapped"))
OTHER_WORDS: Final = _because(tell("match.other_words"))
SEVERAL_EXAMS: Final = _because(tell("match.several_exams"))
EXAM_OF_ANOTHER: Final = _because(tell("match.exam_of_another"))
OWN_WORDS: Final = _because(tell("match.own_words"))
ISSUER_NAMED_WITHIN: Final = _because(tell("match.issuer_named_within"))
ISSUER_SILENT: Final = _because(tell("match.issuer_silent"))
GRADE_OPEN: Final = _because(tell("match.grade_open"))
GRADE_CONTRADICTS: Final = _because(tell("match.grade_contradicts"))
ODD: Final = {
    Oddity.TOO_LONG: _because(tell("match.odd_too_long")),
    Oddity.CONTROL: _because(tell("match.odd_control")),
    Oddity.BIDI: _because(tell("match.odd_bidi")),
    Oddity.MARKUP: _because(tell("match.odd_markup")),
    Oddity.PICTURE: _because(tell("match.odd_picture")),
    Oddity.SCRIPT: _because(tell("match.odd_script")),
}


@_kept
def same_words(source: str) -> Reason:
    """The significant words are those of a known name."""
    return _because(tell("match.same_words", source=source))


def corrected(pairs: Sequence[tuple[str, str]]) -> Reason:
    """Misspelt words were read as known ones."""
    return _because(tell("match.corrected", typed=[f"{wrong} → {right}" for wrong, right in pairs]))


def nearly_same(source: str, distance: int) -> Reason:
    """The spelling differs from a known name by a few characters."""
    return _because(tell("match.nearly_same", source=source, distance=distance))


def cut(source: str) -> Reason:
    """The input is the beginning of exactly one known name."""
    return _because(tell("match.cut", source=source))


@_kept
def missing(words: tuple[str, ...]) -> Reason:
    """The entry says more than the input."""
    return _because(tell("match.missing", words=words))


def beyond(words: Sequence[str]) -> Reason:
    """The input says more than the entry."""
    return _because(tell("match.beyond", typed=words))


@_kept
def one_of_several(source: str, numbers: tuple[int, ...]) -> Reason:
    """A known name means several entries."""
    return _because(tell("match.one_of_several", source=source, numbers=numbers))


@_kept
def only_level(level: str) -> Reason:
    """The level is missing and exists once."""
    return _because(tell("match.only_level", level=level))


@_kept
def near(kind: AliasKind, source: str) -> Reason:
    """The name is that of a certification near the entry's."""
    if kind is AliasKind.RENAMED:
        return _because(tell("match.near_renamed", source=source))
    if kind is AliasKind.COMPONENT:
        return _because(tell("match.near_component", source=source))
    return _because(tell("match.near_composite", source=source))


@_kept
def both_names(source: str) -> Reason:
    """The text bears the name that the entry's certification was renamed to as well."""
    return _because(tell("match.both_names", source=source))


@_kept
def also_unlisted(source: str) -> Reason:
    """A qualification that the catalog does not list bears the words too."""
    return _because(tell("match.also_unlisted", source=source))


@_kept
def course(name: str) -> Reason:
    """The text names a learning programme."""
    return _because(tell("match.course", name=name))


def exams_named(exams: Sequence[str]) -> Reason:
    """Examinations of the entry are named."""
    return _because(tell("match.exams_named", exams=exams))


@_kept
def issuer_supports(body: str) -> Reason:
    """The issuer is the entry's."""
    return _because(tell("match.issuer_supports", body=body))


@_kept
def issuer_shared(others: tuple[str, ...]) -> Reason:
    """No issuer is given, and other bodies certify under the name too."""
    return _because(tell("match.issuer_shared", others=others))


@_kept
def issuer_unknown(body: str) -> Reason:
    """The issuer isn't known to be the entry's."""
    return _because(tell("match.issuer_unknown", body=body))


@_kept
def issuer_contradicts(body: str) -> Reason:
    """The issuer is another body."""
    return _because(tell("match.issuer_contradicts", body=body))


@_kept
def name_contradicts(body: str) -> Reason:
    """The name bears another body."""
    return _because(tell("match.name_contradicts", body=body))


@_kept
def grade_decides(grade: str, title: str) -> Reason:
    """A grade decides the title."""
    return _because(tell("match.grade_decides", grade=grade, title=title))


def grade_unlisted(grades: Sequence[str]) -> Reason:
    """The catalog doesn't list the grade."""
    return _because(tell("match.grade_unlisted", typed=grades))


def contradicted(catalogs: Sequence[str]) -> Reason:
    """Other catalogs in force match the certificate too, and award something else."""
    return _because(tell("match.contradicted", catalogs=catalogs))


def field_decides(catalog: str) -> Reason:
    """Of several catalogs that match, the one of the case's field decides."""
    return _because(tell("match.field_decides", catalog=catalog))


def lapsed(until: date) -> Reason:
    """The notice lists the entry until an earlier day only."""
    return _because(tell("match.lapsed", until=until))
