"""What a leaf of the registry's log says: which event, and the digest of the bytes under which it is stored.

A leaf is canonical JSON (RFC 8785) with exactly five members:

    {"position":42,"sha256":"…","streamId":"…","topic":"recognition-case.approved","version":3}

It holds no person: a stream id never holds or derives from an identity number, a topic is the name of an event class, and the
digest is of bytes in which personal fields are sealed under a key of their own, so that it says nothing once that key is gone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Self
from uuid import UUID

import rfc8785

from domain.log.log_errors import LeafError
from domain.messages import tell

MAX_NUMBER: Final = 2**53 - 1
"""The largest integer that JSON carries exactly (RFC 8785, section 3.2.2.3, after RFC 7493)."""
_TOPIC: Final = re.compile(r"[!-~]{1,255}")
_MEMBERS: Final = {"position", "sha256", "streamId", "topic", "version"}


@dataclass(frozen=True, slots=True)
class LogLeaf:
    """One stored event as the log commits to it; ``digest`` is SHA-256 of the stored bytes.

    ``version`` counts from 1 in its stream, ``position`` is the event's place in the registry's one order, which has gaps.
    Raises ``LeafError`` for values that no stored event has.
    """

    stream_id: UUID
    version: int
    topic: str
    position: int
    digest: bytes

    def __post_init__(self) -> None:
        if not (_is_number(self.version) and _is_number(self.position)):
            raise LeafError(tell("proof.version_position_leaf_whole_numbers_from"))
        if not _is_topic(self.topic):
            raise LeafError(tell("proof.topic_leaf_visible_ascii_characters"))
        if len(self.digest) != 32:
            raise LeafError(tell("proof.digest_leaf_bytes_sha_stored_event"))

    @classmethod
    def of(cls, stream_id: UUID, version: int, topic: str, position: int, stored: bytes) -> Self:
        """The leaf for an event as it lies in the store; ``stored`` are those bytes, never a re-serialised event."""
        return cls(stream_id, version, topic, position, sha256(stored).digest())

    @classmethod
    def parse(cls, entry: bytes) -> Self:
        """The leaf in an entry of the log. Raises ``LeafError`` for any bytes that ``encode`` does not write."""
        try:
            members = json.loads(entry.decode("utf-8"), object_pairs_hook=_members)
            leaf = cls(
                UUID(members["streamId"]),
                members["version"],
                members["topic"],
                members["position"],
                bytes.fromhex(members["sha256"]),
            )
        except LeafError:
            raise
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise LeafError(tell("proof.entry_no_leaf_registry")) from None
        if leaf.encode() != entry:
            raise LeafError(tell("proof.entry_not_canonical_json_rfc_so"))
        return leaf

    def encode(self) -> bytes:
        """The entry: RFC 8785 canonical JSON, at most 500 bytes or so.

        Members are written in their canonical order; numbers, hexadecimal digits and stream ids have one form in JSON, and what
        a topic needs is asked of the library.
        """
        return (
            f'{{"position":{self.position},"sha256":"{self.digest.hex()}","streamId":"{self.stream_id}",'
            f'"topic":{_canonical(self.topic)},"version":{self.version}}}'
        ).encode("ascii")

    def describes(self, stored: bytes) -> bool:
        """Whether these are the stored bytes that the leaf commits to."""
        return sha256(stored).digest() == self.digest


def _is_number(number: int) -> bool:
    return type(number) is int and 1 <= number <= MAX_NUMBER


@lru_cache(maxsize=1024)
def _is_topic(topic: str) -> bool:
    return _TOPIC.fullmatch(topic) is not None


@lru_cache(maxsize=1024)
def _canonical(topic: str) -> str:
    return rfc8785.dumps(topic).decode("ascii")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(pairs) != len(members) or members.keys() != _MEMBERS:
        raise LeafError(tell("proof.leaf_exactly_members_each_once", members=tuple(sorted(_MEMBERS))))
    return members
