"""Saves that wait together commit together.

Whoever saves while nobody else is committing leads: it takes every save that waits and commits them as one group. Those
who come meanwhile wait; when the leader is done, the first of them leads the next group. One thread alone pays
nothing for it; sixteen threads share one round trip and one flush to disk.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from eventsourcing.persistence import IntegrityError, OperationalError, PersistenceError, StoredEvent

from application.ports import Enrolment

Place = tuple[object, int]

GATHER_SECONDS = 0.0003
ENTERED = -1
"""Stands in place of a version where a place is that of a digest; no stream has it."""


class Save:
    """The events of one save, and what became of them: positions once committed, otherwise an error."""

    __slots__ = ("_gate", "enrolment", "error", "events", "keys", "leads", "positions")

    def __init__(self, events: Sequence[StoredEvent], enrolment: Enrolment | None = None) -> None:
        """Hold the events, and what is entered with them; raises `IntegrityError` when two events claim one place in a stream."""
        self.events = events
        self.enrolment = enrolment
        self.keys: set[Place] = {(event.originator_id, event.originator_version) for event in events}
        if len(self.keys) != len(events):
            raise IntegrityError(
                "Two events of one save claim the same version of the same stream; nothing was stored."
            )
        if enrolment is not None:
            # Of two who bring the same new person, the second waits until it is known whether the first was stored.
            self.keys |= {(digest, ENTERED) for digest, _ in enrolment.digests}
        self.positions: list[int] | None = None
        self.error: Exception | None = None
        self.leads = False
        self._gate = threading.Lock()
        self._gate.acquire()

    @property
    def is_done(self) -> bool:
        """Whether it is known what became of the save."""
        return self.positions is not None or self.error is not None

    def wait(self) -> None:
        """Wait until the save is done or its thread is to lead the next group."""
        self._gate.acquire()

    def wake(self) -> None:
        """End the wait of the save's thread."""
        self._gate.release()

    def result(self) -> list[int]:
        """The positions of the events, in their order; raises the save's own error."""
        if self.positions is not None:
            return self.positions
        if isinstance(self.error, PersistenceError):
            raise type(self.error)(*self.error.args) from self.error  # each thread raises an exception of its own
        if self.error is not None:
            raise self.error
        raise OperationalError("The save was given up before its outcome was known; load the stream to see.")


class GroupCommit:
    """The queue of waiting saves and the right to commit them, within one process."""

    def __init__(self, commit: Callable[[Sequence[Save]], None], *, most_events: int = 2000) -> None:
        """`commit` stores a group in one transaction and sets each save's positions or error.

        It is called by one thread at a time. When it raises, every save of its group without an outcome gets that
        error. `most_events` bounds a group; a larger save is a group of its own.
        """
        self._commit = commit
        self._most_events = most_events
        self._mutex = threading.Lock()
        self._waiting: deque[Save] = deque()
        self._is_led = False
        self._company = 1  # how many savers there were when the last group was done, in it or waiting

    def submit(self, events: Sequence[StoredEvent], enrolment: Enrolment | None = None) -> list[int]:
        """Commit the events of one save, and what is entered with them, all or nothing; answers their positions.

        Raises `IntegrityError` when a version of a stream is taken (nothing was stored), `OperationalError` when the
        connection was lost (whether it was stored is not known), and the library's other persistence errors.
        """
        save = Save(events, enrolment)
        with self._mutex:
            self._waiting.append(save)
            save.leads = not self._is_led
            self._is_led = True
        try:
            if not save.leads:
                save.wait()
            if save.leads and not save.is_done:
                self._lead_until(save)
        finally:
            self._leave(save)
        return save.result()

    def _lead_until(self, save: Save) -> None:
        while not save.is_done:
            self._gather()
            group = self._next_group()
            try:
                self._commit(group)
            except Exception as error:  # noqa: BLE001 - handed to every saver of the group, who raises it
                self._close(group, save, error)
            except BaseException:
                self._close(group, save, None)
                raise
            else:
                self._close(group, save, None)

    def _gather(self) -> None:
        """Give those who have just been answered a moment to come back with their next save.

        Otherwise four busy writers fall into turns of one and three. A single writer never waits here.
        """
        deadline = time.perf_counter() + GATHER_SECONDS
        while len(self._waiting) < self._company and time.perf_counter() < deadline:
            time.sleep(0)

    def _next_group(self) -> list[Save]:
        """Take the waiting saves in their order, leaving those that claim a place an earlier one claims too.

        Those come in a later group, when it is known whether the place is taken.
        """
        group: list[Save] = []
        left: deque[Save] = deque()
        claimed: set[Place] = set()
        size = 0
        with self._mutex:
            while self._waiting:
                save = self._waiting.popleft()
                too_many = bool(group) and size + len(save.events) > self._most_events
                if too_many or not claimed.isdisjoint(save.keys):
                    left.append(save)
                    continue
                group.append(save)
                claimed |= save.keys
                size += len(save.events)
            self._waiting = left
        return group

    def _close(self, group: Sequence[Save], leader: Save, error: Exception | None) -> None:
        """Give every save of the group an outcome and let its thread go on; nobody is left waiting or acknowledged."""
        self._company = len(group) + len(self._waiting)
        for save in group:
            if not save.is_done:
                save.error = error or OperationalError(
                    "The commit was interrupted, and whether it took place is not known; load the stream to see."
                )
            if save is not leader:
                save.wake()

    def _leave(self, save: Save) -> None:
        """Give up the lead, if the save has it, to the first that waits; take an abandoned save out of the queue."""
        with self._mutex:
            if not save.is_done and save in self._waiting:
                self._waiting.remove(save)
            if not save.leads:
                return
            save.leads = False
            if self._waiting:
                heir = self._waiting[0]
                heir.leads = True
                heir.wake()
            else:
                self._is_led = False
