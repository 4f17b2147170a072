"""One answer out of the matches that several catalogs in force give for one certificate.

Where none is automatic, the candidates of all are offered. Where one is, it decides. Where several are, they are no question
if they are one qualification with one award; otherwise the one whose entry is of the case's field decides, and else a reviewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from domain.matching import Match, reasons
from domain.matching.matcher import MOST_CANDIDATES
from domain.matching.normalise import fold
from domain.values import CatalogEntry, MatchCandidate, MatchOutcome, Reason, TitleAward

SURE: Final = (MatchOutcome.EXACT, MatchOutcome.CONFIDENT)


@dataclass(frozen=True, slots=True)
class GoverningVersion:
    """The catalog version that governs on a day."""

    catalog_code: str
    number: int


@dataclass(frozen=True, slots=True)
class Found:
    """A match, and the version it was made under."""

    match: Match
    version: GoverningVersion


def settled(first: Found, found: Sequence[Found], field: str | None = None) -> Found:
    """What the matches of several catalogs come to, under the version of ``first`` unless another catalog decides.

    ``first`` is one of ``found``, and as sure as any of those that may take its place.
    """
    sure = [each for each in found if each.match.outcome in SURE]
    if first.match.outcome not in SURE:
        return _offering(first, found)
    if len(sure) == 1:
        return first
    deciding = [each for each in sure if field and _is_of(each.match.entry, field)]
    if len(deciding) == 1:
        return _because(deciding[0], reasons.field_decides(deciding[0].version.catalog_code))
    if all(same_award(first.match.entry, each.match.entry, first.match.grade) for each in sure):
        return first
    others = [each.version.catalog_code for each in sure if each is not first]
    match = replace(first.match, outcome=MatchOutcome.AMBIGUOUS, entry=None, award=None, grade=None)
    return _because(
        _offering(replace(first, match=match), [first, *(s for s in sure if s is not first)]),
        reasons.contradicted(others),
    )


def lapsed(found: Found, on: date) -> Found:
    """The same match, or a question where the notice lists the entry until a day before this one only."""
    entry = found.match.entry
    if entry is None or entry.valid_until is None or entry.valid_until >= on:
        return found
    open_ = replace(found.match, outcome=MatchOutcome.AMBIGUOUS, entry=None, award=None, grade=None)
    return _because(replace(found, match=open_), reasons.lapsed(entry.valid_until))


def same_qualification(left: CatalogEntry, right: CatalogEntry) -> bool:
    """Whether two entries bear one name, original or translated."""
    names = (left.qualification_name, right.qualification_name), (left.translated_name, right.translated_name)
    return any(fold(a).text == fold(b).text for a, b in names)


def same_award(left: CatalogEntry | None, right: CatalogEntry | None, grade: str | None = None) -> bool:
    """Whether two entries are one qualification that leads to the same title; with a grade, for that grade."""
    if left is None or right is None or not same_qualification(left, right):
        return False
    awards = [[_title(a) for a in each.awards if grade is None or a.grade in {None, grade}] for each in (left, right)]
    return bool(awards[0]) and awards[0] == awards[1]


def _title(award: TitleAward) -> tuple[str, str]:
    return award.title, award.level.value


def _is_of(entry: CatalogEntry | None, field: str) -> bool:
    return entry is not None and fold(field).text in {fold(each).text for each in entry.fields}


def _offering(first: Found, found: Sequence[Found]) -> Found:
    """The first match with the candidates of those that are as sure, the likeliest first; each says where it stands."""
    alike = [
        each
        for each in found
        if each is first or each.match.outcome is first.match.outcome or each.match.outcome in SURE
    ]
    if len(alike) == 1:
        return first
    offered = [placed(each, candidate, first.version) for each in alike for candidate in each.match.candidates]
    likeliest = sorted(offered, key=lambda candidate: -candidate.score)[:MOST_CANDIDATES]
    return replace(first, match=replace(first.match, candidates=tuple(likeliest)))


def placed(found: Found, candidate: MatchCandidate, under: GoverningVersion) -> MatchCandidate:
    """A candidate that says where it stands, if that is not the version the answer is given under."""
    if found.version == under:
        return candidate
    where = {"catalog_code": found.version.catalog_code, "catalog_version": found.version.number}
    return candidate.model_copy(update=where)


def _because(found: Found, reason: Reason) -> Found:
    candidates = tuple(each.model_copy(update={"reasons": (*each.reasons, reason)}) for each in found.match.candidates)
    return replace(found, match=replace(found.match, candidates=candidates))
