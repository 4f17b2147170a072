"""What a pack is made of, and its one form: JSON that says what each part is.

A pack of one case holds streams whole, each event with the proof of its leaf. What no leaf covers (which streams there are,
directory, rules, disclosed values) is signed by the log's keys in a statement of its own: a signed note whose first line is the
format, so that it is never taken for a checkpoint, and which states the digest of each part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import rfc8785

from application.sealed_values import Opening
from domain.authorities import Authority, AuthorityDirectory, AuthorityKind, Division, DivisionLevel
from domain.clocks import BeyondKnownYears, WorkingCalendar
from domain.jurisdiction import ProvincialRules
from domain.log.leaf import LogLeaf
from domain.log.note_keys import SigningKey, from_base64, to_base64
from domain.log.signed_note import SignedNote

CASE_FORMAT: Final = "recognition-registry/audit-pack@v1"
WHOLE_FORMAT: Final = "recognition-registry/audit-pack-of-everything@v1"
ABOUT: Final[Mapping[str, str]] = {
    "format": "name and number of the form of this file",
    "case": "the case: its number, its stream, and when it was exported",
    "streams": "every stream in this file, whose it is, and how many events it has",
    "directory": "divisions and authorities, as guards ask them for jurisdiction",
    "rules": "the province's rules, its working days included",
    "disclosed": "values that were opened for this file, with the salt that shows that the seal holds them; reason in `case`",
    "events": "the events as they are stored, persons in them sealed, with the columns beside them, their leaves and proofs",
    "checkpoint": "the log's signed tree head with the cosignatures of witnesses (C2SP tlog-checkpoint)",
    "statement": "signed note with the digest (SHA-256 of RFC 8785 JSON) of each part that no leaf covers",
}
"""What each part of a case's pack is, in its own words."""
STATED: Final = ("case", "streams", "directory", "rules", "disclosed")
"""The parts of a case's pack that the statement covers."""
WHOLE_STATED: Final = ("registry", "directory", "rules")
"""The same of a pack of everything."""


class Malformed(Exception):
    """A file that is no pack; the message says which part is not as it must be."""


class Place(NamedTuple):
    """A field of an event: stream, version, path."""

    stream_id: UUID
    version: int
    path: str


@dataclass(frozen=True, slots=True)
class PackedEvent:
    """An event as it is stored: its bytes, the columns that repeat it, and its leaf. ``proof`` leads to the root; of a pack of
    everything it is empty, since all leaves are there.
    """

    stream_id: UUID
    version: int
    topic: str
    position: int
    state: bytes
    recorded_at: datetime | None
    actor_subject: str | None
    actor_role: str | None
    actor_authority: str | None
    client: str | None
    leaf_index: int
    proof: tuple[bytes, ...] = ()

    def leaf(self) -> LogLeaf:
        """The leaf, made anew from what stands here. Raises ``LeafError``."""
        return LogLeaf.of(self.stream_id, self.version, self.topic, self.position, self.state)

    def as_json(self) -> dict[str, Any]:
        """The event in a pack. Raises ``UnicodeDecodeError`` for bytes that are no text, which no registry stores."""
        found: dict[str, Any] = {
            "streamId": str(self.stream_id),
            "version": self.version,
            "topic": self.topic,
            "position": self.position,
            "recordedAt": None if self.recorded_at is None else self.recorded_at.isoformat(),
            "actorSubject": self.actor_subject,
            "actorRole": self.actor_role,
            "actorAuthority": self.actor_authority,
            "client": self.client,
            "leafIndex": self.leaf_index,
            "stored": self.state.decode("utf-8"),
        }
        return found | {"proof": [to_base64(each) for each in self.proof]} if self.proof else found

    @classmethod
    def from_json(cls, found: Any) -> PackedEvent:
        """The event in a pack. Raises ``Malformed``."""
        try:
            return cls(
                UUID(found["streamId"]),
                _number(found["version"]),
                str(found["topic"]),
                _number(found["position"]),
                found["stored"].encode("utf-8"),
                None if found["recordedAt"] is None else datetime.fromisoformat(found["recordedAt"]),
                _text(found["actorSubject"]),
                _text(found["actorRole"]),
                _text(found["actorAuthority"]),
                _text(found["client"]),
                _number(found["leafIndex"]),
                tuple(map(_bytes, found.get("proof", ()))),
            )
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Malformed("events") from None


@dataclass(frozen=True, slots=True)
class PackedStream:
    """A stream of a pack: what it is to the case, and how many events it has."""

    stream_id: UUID
    kind: str
    events: int


def digest_of(part: Any) -> bytes:
    """The digest of a part that no leaf covers: SHA-256 of its canonical JSON (RFC 8785)."""
    return sha256(rfc8785.dumps(part)).digest()


def statement_of(name: str, origin: str, parts: Mapping[str, Any], *keys: SigningKey) -> SignedNote:
    """The statement on these parts, signed by the keys of the log."""
    return SignedNote.sign(_stating(name, origin, parts), *keys)


def _stating(name: str, origin: str, parts: Mapping[str, Any]) -> str:
    lines = [name, origin, *(f"{part} {to_base64(digest_of(value))}" for part, value in parts.items())]
    return "".join(f"{line}\n" for line in lines)


def altered_part(text: str, name: str, origin: str, parts: Mapping[str, Any]) -> str | None:
    """The first part that is not what the text of a statement says, or ``statement`` where it says something else; None where all are."""
    stated, found = text.split("\n"), _stating(name, origin, parts).split("\n")
    if len(stated) != len(found) or stated[:2] != found[:2]:
        return "statement"
    return next((line.split(" ")[0] for line, other in zip(found, stated, strict=True) if line != other), None)


def directory_json(directory: AuthorityDirectory) -> dict[str, Any]:
    """The directory in a pack."""
    return {
        "divisions": [asdict(each) for each in directory.divisions],
        "authorities": [
            {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(each).items()}
            for each in directory.authorities
        ],
    }


def directory_in(found: Any) -> AuthorityDirectory:
    """The directory of a pack. Raises ``Malformed``."""
    try:
        divisions = [Division(**each | {"level": DivisionLevel(each["level"])}) for each in found["divisions"]]
        authorities = [
            Authority(
                **each
                | {"kind": AuthorityKind(each["kind"])}
                | {name: _day(each[name]) for name in ("established", "abolished")}
            )
            for each in found["authorities"]
        ]
        return AuthorityDirectory(divisions, authorities)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Malformed("directory") from None


def rules_json(rules: ProvincialRules) -> dict[str, Any]:
    """The province's rules in a pack, with the working days that they count in."""
    calendar = rules.calendar
    return rules.model_dump(mode="json", exclude={"calendar"}) | {
        "calendar": {
            "first_year": calendar.first_year,
            "last_year": calendar.last_year,
            "holidays": sorted(day.isoformat() for day in calendar.holidays),
            "worked_weekends": sorted(day.isoformat() for day in calendar.worked_weekends),
            "beyond": calendar.beyond.value,
        }
    }


def rules_in(found: Any) -> ProvincialRules:
    """The rules of a pack. Raises ``Malformed``."""
    try:
        days = found["calendar"]
        calendar = WorkingCalendar(
            _number(days["first_year"]),
            _number(days["last_year"]),
            frozenset(map(date.fromisoformat, days["holidays"])),
            frozenset(map(date.fromisoformat, days["worked_weekends"])),
            BeyondKnownYears(days["beyond"]),
        )
        return ProvincialRules.model_validate({**found, "calendar": calendar}, by_name=True)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Malformed("rules") from None


def streams_json(streams: Sequence[PackedStream]) -> list[dict[str, Any]]:
    """The streams in a pack."""
    return [{"streamId": str(each.stream_id), "kind": each.kind, "events": each.events} for each in streams]


def streams_in(found: Any) -> list[PackedStream]:
    """The streams of a pack. Raises ``Malformed``."""
    try:
        return [PackedStream(UUID(each["streamId"]), str(each["kind"]), _number(each["events"])) for each in found]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Malformed("streams") from None


def disclosed_json(disclosed: Mapping[Place, Opening]) -> list[dict[str, Any]]:
    """The disclosed values in a pack."""
    return [
        {
            "streamId": str(at.stream_id),
            "version": at.version,
            "field": at.path,
            "value": opening.value,
            "salt": to_base64(opening.salt),
        }
        for at, opening in disclosed.items()
    ]


def disclosed_in(found: Any) -> dict[Place, Opening]:
    """The disclosed values of a pack. Raises ``Malformed``."""
    try:
        return {
            Place(UUID(each["streamId"]), _number(each["version"]), str(each["field"])): Opening(
                _bytes(each["salt"]), str(each["value"])
            )
            for each in found
        }
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Malformed("disclosed") from None


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError
    return value


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _bytes(value: Any) -> bytes:
    found = from_base64(value)
    if found is None:
        raise ValueError
    return found
