"""Who has jurisdiction: divisions, the authorities in them, and whose cases each of them may decide.

Source: the notice, article 1: 市、县（市、区）经信局、人力社保局或省级有关单位按照职称管理权限审核.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import AuthorityKind

__all__ = ["Authority", "AuthorityDirectory", "AuthorityKind", "Division", "DivisionLevel"]


class DivisionLevel(StrEnum):
    """省, 市 and 县（市、区）: the three levels of administration."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Division:
    """An administrative division by its code of six digits (GB/T 2260); ``parent`` is None for the province."""

    code: str
    name: str
    level: DivisionLevel
    parent: str | None


@dataclass(frozen=True, slots=True)
class Authority:
    """A body that decides cases: a bureau of a division, or a provincial unit (whose division is the province).

    It exists from the day ``established`` until the day before ``abolished``; None means: for as long as is known.
    """

    code: str
    name: str
    kind: AuthorityKind
    division_code: str
    established: date | None = None
    abolished: date | None = None

    def exists(self, on: date) -> bool:
        """Whether the authority exists on a business day."""
        return (self.established is None or self.established <= on) and (self.abolished is None or on < self.abolished)


class AuthorityDirectory:
    """All divisions and authorities, and the rule of jurisdiction over them.

    A bureau covers the cases of both bureaus of its division and of the divisions below it (county, city, province), so a
    city decides for its counties; a provincial unit covers its own cases only, and the bureaus of the province cover
    everything, the units included. Nobody covers a division above or beside their own.

    Raises ``ValueError`` for a division or an authority that stands twice or hangs on a division that is not there.
    """

    def __init__(self, divisions: Iterable[Division], authorities: Iterable[Authority]) -> None:
        self._divisions = _by_code(divisions)
        self._authorities = _by_code(authorities)
        for division in self._divisions.values():
            if division.parent is not None:
                self._known(division.parent, division.code)
        for authority in self._authorities.values():
            self._known(authority.division_code, authority.code)
        self._visible: dict[str, frozenset[str]] = {}

    @property
    def divisions(self) -> tuple[Division, ...]:
        """All divisions, in the order they were given."""
        return tuple(self._divisions.values())

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """All authorities, abolished ones included, in the order they were given."""
        return tuple(self._authorities.values())

    def known(self, code: str) -> Authority | None:
        """The authority with this code, whether or not it still exists; None for a code that never was."""
        return self._authorities.get(code)

    def exists(self, code: str, on: date) -> bool:
        """Whether an authority with this code exists on a business day."""
        return self.find(code, on) is not None

    def find(self, code: str, on: date) -> Authority | None:
        """The authority with this code that exists on a business day; None where there is none."""
        authority = self._authorities.get(code)
        return authority if authority is not None and authority.exists(on) else None

    def get(self, code: str, on: date) -> Authority:
        """The authority with this code that exists on a business day; raises ``Refused`` (``UNKNOWN_AUTHORITY``)."""
        authority = self.find(code, on)
        if authority is None:
            raise Refused(
                RefusalCode.UNKNOWN_AUTHORITY,
                tell("case.authority_unknown", day=on),
                "authorityCode",
            )
        return authority

    def covers(self, decider_code: str, case_authority_code: str, on: date) -> bool:
        """Whether one authority may decide the cases of another on a business day.

        The decider must exist on that day. The authority of the case must be known, and may have been abolished since: its
        cases stay with those above it. An unknown code is covered by nobody.
        """
        decider = self.find(decider_code, on)
        owner = self._authorities.get(case_authority_code)
        return decider is not None and owner is not None and self._covers(decider, owner)

    def rank(self, code: str, on: date) -> tuple[AuthorityKind, DivisionLevel] | None:
        """The kind of an authority that exists on a business day, and the level of its division; None where there is none."""
        authority = self.find(code, on)
        return None if authority is None else (authority.kind, self._divisions[authority.division_code].level)

    def visible_authorities(self, code: str) -> frozenset[str]:
        """The codes of all authorities that one covers, its own included, whether or not they still exist."""
        decider = self._authorities.get(code)
        if decider is None:
            return frozenset()
        visible = self._visible.get(code)
        if visible is None:  # asked at every act of an officer, and it never changes
            owners = self._authorities.values()
            visible = frozenset(owner.code for owner in owners if self._covers(decider, owner))
            self._visible[code] = visible
        return visible

    def _covers(self, decider: Authority, owner: Authority) -> bool:
        if decider.code == owner.code:
            return True
        if decider.kind is AuthorityKind.PROVINCIAL_UNIT:
            return False
        return decider.division_code in self._upwards(owner.division_code)

    def _upwards(self, code: str) -> Iterator[str]:
        current: str | None = code
        while current is not None:
            yield current
            current = self._divisions[current].parent

    def _known(self, division: str, whose: str) -> None:
        if division not in self._divisions:
            raise ValueError(
                f"{whose} belongs to the division {division}, which is not there; add it or correct the code."
            )


_Coded = TypeVar("_Coded", Division, Authority)


def _by_code(items: Iterable[_Coded]) -> dict[str, _Coded]:
    found: dict[str, _Coded] = {}
    for item in items:
        if item.code in found:
            raise ValueError(f"The code {item.code} stands twice; give each its own.")
        found[item.code] = item
    return found
