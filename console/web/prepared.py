"""An amendment in preparation: the changes of entries that an administrator typed and did not propose, kept sealed as drafts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final

import orjson

from console.web.tabular import told
from domain.values import EntryChangeKind, TitleLevel
from infrastructure.drafts import Drafts

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of the largest amendment in preparation."""
AWARDS: Final = 3
"""Titles that the form of an entry has room for, at least two more than the entry has."""
NEEDED: Final = ("qualificationName", "translatedName", "issuingBody", "field")
OTHERS: Final = ("label", "country", "series", "tier", "conditions", "validUntil", "remark")
NOTICE: Final = ("noticeNumber", "noticeTitle", "effectiveFrom", "endsOn", "erratum", "rematchPending")
"""What is said of the amendment as a whole."""


@dataclass(frozen=True, slots=True)
class PreparedChange:
    """One change as the API takes it, and the entry as the base version has it; None for an addition."""

    given: dict[str, Any]
    before: dict[str, Any] | None

    @property
    def number(self) -> int:
        """The number of the entry; of an addition the one it is to have."""
        return int(self.given["number"])

    @property
    def after(self) -> dict[str, Any] | None:
        """The content that the entry is to have; None where it is withdrawn."""
        content: dict[str, Any] | None = self.given["entry"]
        return content

    @property
    def fields(self) -> Sequence[Mapping[str, str]]:
        """Each field that is to read otherwise: its name, before and after."""
        was, now = self.before or {}, self.after or {}
        names = [each for each in (*NEEDED, "awards", *OTHERS) if told(was.get(each)) != told(now.get(each))]
        return [{"name": each, "before": told(was.get(each)), "after": told(now.get(each))} for each in names]


@dataclass(slots=True)
class PreparedAmendment:
    """An amendment on its way to being proposed, on the basis of one version."""

    base: int
    notice: dict[str, str] = field(default_factory=dict)
    changes: list[PreparedChange] = field(default_factory=list)

    def change(self, number: int) -> PreparedChange | None:
        """What is prepared for an entry."""
        return next((each for each in self.changes if each.number == number), None)

    def keep(self, change: PreparedChange) -> None:
        """Prepare a change, in place of what was prepared for the entry before."""
        self.let_go(change.number)
        self.changes = sorted([*self.changes, change], key=lambda each: each.number)

    def let_go(self, number: int) -> None:
        """Leave the entry as it is."""
        self.changes = [each for each in self.changes if each.number != number]

    def given(self, code: str) -> dict[str, Any]:
        """The amendment as the API takes it."""
        return {
            "catalogCode": code,
            "baseVersion": self.base,
            "noticeNumber": self.notice.get("noticeNumber", ""),
            "noticeTitle": self.notice.get("noticeTitle", ""),
            "effectiveFrom": self.notice.get("effectiveFrom", ""),
            "endsOn": self.notice.get("endsOn") or None,
            "erratum": self.notice.get("erratum") == "yes",
            "rematchPending": self.notice.get("rematchPending") == "yes",
            "changes": [each.given for each in self.changes],
        }

    def digest(self, code: str) -> str:
        """What tells it from itself with anything changed."""
        return sha256(orjson.dumps(self.given(code))).hexdigest()


class PreparedAmendments:
    """The amendments in preparation of an installation: one a subject and catalog."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    def of(self, subject: str, code: str) -> PreparedAmendment | None:
        """What somebody prepares of a catalog; None where that is nothing."""
        draft = self._drafts.of(_name(subject, code))
        if draft is None:
            return None
        found = orjson.loads(draft.fields["amendment"])
        changes = [PreparedChange(each["given"], each["before"]) for each in found["changes"]]
        return PreparedAmendment(found["base"], found["notice"], changes)

    def save(self, subject: str, code: str, amendment: PreparedAmendment) -> None:
        """Keep it. Raises ``DraftTooLargeError``."""
        self._drafts.save(_name(subject, code), {"amendment": orjson.dumps(asdict(amendment)).decode()})

    def erase(self, subject: str, code: str) -> None:
        """Let go of it."""
        self._drafts.erase(_name(subject, code))


def _name(subject: str, code: str) -> str:
    return f"{code}\n{subject}"


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What was typed for an entry, field by field."""

    typed: Mapping[str, str]

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any], number: int) -> EntryForm:
        """The form filled in with an entry as it is."""
        typed = {name: str(entry.get(name) or "") for name in (*NEEDED, *OTHERS)} | {"number": str(number)}
        for place, award in enumerate(entry["awards"], start=1):
            typed |= {
                f"title-{place}": award["title"],
                f"level-{place}": award["level"],
                f"grade-{place}": award["grade"] or "",
            }
        return cls(typed)

    def text(self, name: str) -> str:
        """What was typed into a field, trimmed."""
        return self.typed.get(name, "").strip()

    @property
    def places(self) -> range:
        """The places for titles, from 1 on."""
        filled = [each for each in range(1, 1000) if f"title-{each}" in self.typed]
        taken = max((each for each in filled if self.text(f"title-{each}")), default=0)
        return range(1, max(AWARDS, taken + 2, len(filled)) + 1)

    def faults(self) -> dict[str, str]:
        """What is not filled in, or not so that it can be read: the key of what is said, by field."""
        wrong = {name: "form.needed" for name in NEEDED if not self.text(name)}
        if not self.text("number").isdecimal() or len(self.text("number")) > 9 or int(self.text("number")) < 1:
            wrong["number"] = "form.not_so"
        if self.text("validUntil") and not _is_day(self.text("validUntil")):
            wrong["validUntil"] = "form.not_so"
        if not any(self.text(f"title-{each}") for each in self.places):
            wrong["title-1"] = "form.needed"
        for each in self.places:
            if self.text(f"title-{each}") and self.text(f"level-{each}") not in set(TitleLevel):
                wrong[f"level-{each}"] = "form.needed"
        return wrong

    def entry(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        titled = [each for each in self.places if self.text(f"title-{each}")]
        awards = [
            {
                "grade": self.text(f"grade-{each}") or None,
                "title": self.text(f"title-{each}"),
                "level": self.text(f"level-{each}"),
            }
            for each in titled
        ]
        content: dict[str, Any] = {name: self.text(name) for name in NEEDED}
        content |= {name: self.text(name) or None for name in OTHERS}
        return content | {"number": int(self.text("number")), "awards": awards}

    def change(self, number: int, before: dict[str, Any] | None) -> PreparedChange | None:
        """The change from an entry to what was typed; None where that is nothing."""
        entry = self.entry()
        kind, new_number = EntryChangeKind.REVISED, None
        if before is None:
            kind, number = EntryChangeKind.ADDED, entry["number"]
        elif entry["number"] != number:
            kind, new_number = EntryChangeKind.RENUMBERED, entry["number"]
        given = {
            "kind": kind.value,
            "number": number,
            "newNumber": new_number,
            "entry": entry,
            "reason": self.text("reason") or None,
        }
        made = PreparedChange(given, before)
        return made if made.fields or kind is not EntryChangeKind.REVISED else None


def withdrawal(number: int, before: dict[str, Any], reason: str) -> PreparedChange:
    """The change by which an entry is withdrawn."""
    given = {"kind": EntryChangeKind.WITHDRAWN.value, "number": number, "newNumber": None, "entry": None}
    return PreparedChange(given | {"reason": reason or None}, before)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
