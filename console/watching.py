"""Watching a registry's transparency log from outside, with nothing but its address, its verifier key and a folder of one's own.

A look fetches the checkpoint, proves that it continues the one that was kept, reads the leaves since then under its root, makes
each anew from what the API shows an auditor, and keeps the checkpoint. The first look, and one an hour, reads everything.
"""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from console.http import GraphQLFailed, ask
from domain.log.checkpoint import LogCheckpoint, LogOrigin, TrustedCheckpoint, TrustPolicy
from domain.log.comparison import deviations
from domain.log.leaf import LogLeaf
from domain.log.log_errors import TileMissing
from domain.log.note_keys import from_base64
from domain.log.tile_reader import TileReader
from domain.log.tiles import EntryBundle, Tile
from domain.merkle import TransparencyError
from domain.messages import Message, SpokenError, said_by, tell
from infrastructure.private_files import write_private

PAGE: Final = 100
MOST_BYTES: Final = 32 * 1024 * 1024
"""More than any file of a log: 256 entries of the longest kind are 16 MiB."""
PATIENCE: Final = 5
"""How often a registry may ask to wait before nothing can be said of its log."""
_EVENTS: Final = """query ($after: Position, $first: Int!) { auditLog(after: $after, first: $first) { nodes {
    position streamId version type recordedAt actor { subject } stored } } }"""
Looked = Callable[[Message, int, int, int], None]
"""Told after each look: in words, how many leaves the log has, how many were read, how many events were held against them."""


class DeviationFound(SpokenError):
    """The log, or what the API shows, is not what was signed before. ``code`` is stable."""

    def __init__(self, said: Message, code: str) -> None:
        super().__init__(said)
        self.code = code


class LogUnseen(SpokenError):
    """The log did not answer, so that nothing can be said of it."""


class HttpLog:
    """A ``TileSource`` over a log's address."""

    def __init__(self, url: str, epoch: int) -> None:
        self._base = url.rstrip("/")
        self._prefix = f"{self._base}/log/{epoch}"

    def checkpoint(self) -> bytes:
        """The note of the latest checkpoint. Raises ``LogUnseen``."""
        found = self._get(f"{self._prefix}/checkpoint")
        if found is None:
            raise LogUnseen(tell("said.watch.no_log", url=self._prefix))
        return found

    def latest_epoch(self) -> int:
        """The number of the epoch that the registry signs at present."""
        try:
            return max(int(each["epoch"]) for each in json.loads(self._get(f"{self._base}/log") or b"")["epochs"])
        except (ValueError, KeyError, TypeError):
            raise LogUnseen(tell("said.watch.logs_unsaid", base=self._base)) from None

    def read(self, place: Tile | EntryBundle) -> bytes:
        """See ``TileSource``."""
        content = self._get(f"{self._prefix}/{place.path}")
        if content is None:
            raise TileMissing(tell("said.watch.no_tile", path=place.path))
        return content

    def _get(self, url: str) -> bytes | None:
        """What is at an address; None where nothing is. A registry that asks to wait is waited for, some times."""
        for _ in range(PATIENCE):
            found = self._asked(url)
            if not isinstance(found, float):
                return found
            time.sleep(found)
        raise LogUnseen(tell("said.watch.must_wait", url=url))

    @staticmethod
    def _asked(url: str) -> bytes | float | None:
        """What is at an address, or for how many seconds it asks to wait."""
        request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})  # noqa: S310 - the watcher's choice
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - likewise
                content: bytes = response.read(MOST_BYTES)
                return content
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            if error.code in {429, 503}:
                wait = error.headers.get("Retry-After", "1")
                return min(float(wait), 30.0) if wait.isdecimal() else 1.0
            raise LogUnseen(tell("said.watch.answered", url=url, status=error.code)) from error
        except (OSError, ValueError, HTTPException) as error:
            raise LogUnseen(tell("said.watch.nobody_answers", url=url, reason=said_by(error))) from error


class Watch:
    """One watched log: where it is, whom to believe, and the folder with the last checkpoint that was believed."""

    def __init__(self, url: str, keys: Sequence[str], folder: Path, token: str | None) -> None:
        """Raises ``TransparencyError`` for malformed keys."""
        self._policy = TrustPolicy.of(*keys)
        self._epoch = LogOrigin.parse(self._policy.origin).epoch
        self._url = url.rstrip("/")
        self._log = HttpLog(url, self._epoch)
        self._token = token
        name = hashlib.sha256(self._policy.origin.encode()).hexdigest()[:32]
        self._kept = folder / f"{name}.checkpoint"

    def run(self, looked: Looked, *, once: bool, every: float, whole_every: float) -> None:
        """Look until a deviation is found, or ``once``. Raises ``DeviationFound``; ``LogUnseen`` where it is looked at once."""
        due = 0.0
        while True:
            whole = once or time.monotonic() >= due
            try:
                looked(*self.look(whole=whole))
            except LogUnseen as unseen:
                if once:
                    raise
                looked(unseen.said, 0, 0, 0)
            else:
                due = time.monotonic() + whole_every if whole else due
            if once:
                return
            time.sleep(every)

    def look(self, *, whole: bool) -> tuple[Message, int, int, int]:
        """One look at what is new, or at everything. Raises ``DeviationFound`` or ``LogUnseen``."""
        try:
            kept = self._policy.open(self._kept.read_bytes()).checkpoint if self._kept.exists() else None
        except TransparencyError as error:
            raise DeviationFound(
                tell("said.watch.kept_of_another", file=str(self._kept), reason=said_by(error)), error.code
            ) from None
        try:
            trusted = self._policy.open(self._log.checkpoint())
            leaves, events = self._grown(trusted, kept, whole=whole)
        except TransparencyError as error:
            raise DeviationFound(tell("said.watch.not_as_signed", reason=said_by(error)), error.code) from error
        if (latest := self._log.latest_epoch()) != self._epoch:
            raise DeviationFound(
                tell("said.watch.other_epoch", latest=latest, epoch=self._epoch, url=self._url),
                "new-epoch",
            )
        write_private(self._kept, trusted.note.serialise().decode(), replace=True)
        size = trusted.checkpoint.size
        return (
            tell("said.watch.as_signed", size=size, leaves=leaves, events=events),
            size,
            leaves,
            events,
        )

    def _grown(self, trusted: TrustedCheckpoint, kept: LogCheckpoint | None, *, whole: bool) -> tuple[int, int]:
        new = trusted.checkpoint
        reader = TileReader(self._log, new.size, new.root)
        if kept is not None:
            new.require_growth(kept, reader.consistency_proof)
        first = 0 if whole or kept is None else kept.size
        if first == new.size:
            return 0, 0
        if self._token is None:
            return len([LogLeaf.parse(entry) for entry in reader.entries(first)]), 0
        # The leaf before tells after which position the events begin; the last one, at which they end.
        before = LogLeaf.parse(next(reader.entries(first - 1, first))).position if first else 0
        last = LogLeaf.parse(next(reader.entries(new.size - 1))).position
        count = 0

        def counted() -> Iterator[LogLeaf]:
            nonlocal count
            for each in self._events(before, last):
                count += 1
                yield each

        for deviation in deviations(reader.entries(first), counted(), first):
            raise DeviationFound(deviation.sentence, f"event-{deviation.kind.value.lower().replace('_', '-')}")
        return new.size - first, count

    def _events(self, after: int, last: int) -> Iterator[LogLeaf]:
        """Leaves made anew from what the API shows, in order of position, up to the last that the log covers."""
        while True:
            try:
                data = ask(f"{self._url}/graphql", _EVENTS, {"after": str(after), "first": PAGE}, self._token)
            except GraphQLFailed as failed:
                raise LogUnseen(tell("said.watch.events_unread", reason=failed.said)) from failed
            nodes = data["auditLog"]["nodes"]
            for node in nodes:
                after = int(node["position"])
                if after > last:
                    return
                yield self._leaf(node, after)
            if not nodes:
                return

    @staticmethod
    def _leaf(node: dict[str, Any], position: int) -> LogLeaf:
        stored = from_base64(node["stored"]) or b""
        _check_shown(node, stored, position)
        return LogLeaf.of(UUID(node["streamId"]), node["version"], node["type"], position, stored)


def _check_shown(node: dict[str, Any], stored: bytes, position: int) -> None:
    """What the API shows of an event's envelope is what its stored bytes say. Raises ``DeviationFound``."""
    try:
        state = json.loads(stored)
        same = datetime.fromisoformat(state["recorded_at"]) == datetime.fromisoformat(node["recordedAt"])
        same = same and state["by"]["actor"]["subject"] == node["actor"]["subject"]
    except (ValueError, KeyError, TypeError):
        return  # not readable here: its digest is held against the leaf all the same
    if not same:
        raise DeviationFound(
            tell("said.watch.shown_otherwise", position=position),
            "event-shown-otherwise",
        )
