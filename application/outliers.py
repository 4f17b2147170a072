"""What stands out among officers: numbers beside the numbers of all others, for an auditor to look into. None says anything of guilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Any, Final

from domain.messages import Message, tell

LEAST: Final = 5
"""Of fewer acts of an officer nothing is told: they may be anything."""
DEVIATIONS: Final = 3
"""By how many standard deviations of a binomial distribution a number differs from what the others' share lets expect."""


class OutlierKind(StrEnum):
    """In what somebody stands out: the share of approvals, matches against the rule set, two who confirm each other, quick approvals."""

    APPROVAL_RATE = "APPROVAL_RATE"
    OVERRIDES = "OVERRIDES"
    RECIPROCITY = "RECIPROCITY"
    QUICK_APPROVALS = "QUICK_APPROVALS"


@dataclass(frozen=True, slots=True)
class OfficerCounts:
    """What an officer did: cases decided, those of them approved, and approved soon after submission; cases matched by hand, and
    those of them that stand on another entry than the rule set was sure of.
    """

    officer: str
    decided: int = 0
    approved: int = 0
    quick: int = 0
    matched: int = 0
    overridden: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What all officers did; ``confirmed`` counts, by the officer who proposed or matched by hand and the one who confirmed."""

    officers: Sequence[OfficerCounts]
    confirmed: Mapping[tuple[str, str], int]
    within: int
    """Up to how many seconds after its submission an approval is quick."""


@dataclass(frozen=True, slots=True)
class Share:
    """A number of so many."""

    number: int
    of: int

    @property
    def percent(self) -> int:
        """The share in whole percent; 0 of none."""
        return round(100 * self.number / self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class Outlier:
    """One thing that stands out: of whom, the number behind it, and the others' with which it is compared."""

    kind: OutlierKind
    officers: tuple[str, ...]
    own: Share
    others: Share
    said: Message


def outliers(counts: Counts) -> list[Outlier]:
    """What stands out, kind by kind, the greatest number first; nothing where there is nobody to compare with."""
    return [
        *_among(counts, OutlierKind.APPROVAL_RATE, lambda each: Share(each.approved, each.decided), both_ways=True),
        *_among(counts, OutlierKind.OVERRIDES, lambda each: Share(each.overridden, each.matched)),
        *_reciprocal(counts.confirmed),
        *_among(counts, OutlierKind.QUICK_APPROVALS, lambda each: Share(each.quick, each.approved)),
    ]


def stands_out(own: Share, others: Share, *, both_ways: bool = False) -> bool:
    """Whether a share is beyond what the others' lets expect by chance; above it, or ``both_ways``."""
    if own.of < LEAST or others.of < LEAST:
        return False
    rate = (others.number + 1) / (others.of + 2)  # Laplace: what nobody else did yet is rare, and not impossible
    beyond = own.number - own.of * rate
    return (abs(beyond) if both_ways else beyond) > DEVIATIONS * sqrt(own.of * rate * (1 - rate))


def _among(
    counts: Counts, kind: OutlierKind, share: Callable[[OfficerCounts], Share], *, both_ways: bool = False
) -> Iterator[Outlier]:
    shares = {each.officer: share(each) for each in counts.officers}
    number, of = (sum(getattr(each, name) for each in shares.values()) for name in ("number", "of"))
    for officer, own in sorted(shares.items(), key=lambda each: (-each[1].number, each[0])):
        others = Share(number - own.number, of - own.of)
        if stands_out(own, others, both_ways=both_ways):
            yield Outlier(kind, (officer,), own, others, _said(kind, officer, own, others, counts.within))


def _said(kind: OutlierKind, officer: str, own: Share, others: Share, within: int) -> Message:
    facts: dict[str, Any] = {
        "officer": officer,
        "number": own.number,
        "of": own.of,
        "percent": own.percent,
        "others": others.number,
        "others_of": others.of,
        "others_percent": others.percent,
    }
    match kind:
        case OutlierKind.APPROVAL_RATE:
            return tell("audit.outlier_approval_rate", **facts)
        case OutlierKind.OVERRIDES:
            return tell("audit.outlier_overrides", **facts)
        case _:
            return tell("audit.outlier_quick_approvals", within=within, **facts)


def _reciprocal(confirmed: Mapping[tuple[str, str], int]) -> Iterator[Outlier]:
    """Two officers who confirm each other's acts more often than others confirm those of either."""
    total = sum(confirmed.values())
    both = {
        (one, other): number + confirmed[other, one]
        for (one, other), number in confirmed.items()
        if one < other and (other, one) in confirmed
    }
    for (one, other), number in sorted(both.items(), key=lambda each: (-each[1], each[0])):
        of = sum(each for (proposing, _), each in confirmed.items() if proposing in {one, other})
        by_them = sum(
            each for (proposing, by), each in confirmed.items() if proposing not in {one, other} and by in {one, other}
        )
        own, others = Share(number, of), Share(by_them, total - of)
        if stands_out(own, others):
            said = tell(
                "audit.outlier_reciprocity",
                one=one,
                other=other,
                number=own.number,
                of=own.of,
                percent=own.percent,
                others=others.number,
                others_of=others.of,
                others_percent=others.percent,
            )
            yield Outlier(OutlierKind.RECIPROCITY, (one, other), own, others, said)
