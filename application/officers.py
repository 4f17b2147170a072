"""Who officers are: registered by an administrator, compared when they decide."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from application.access import Action, require
from application.journal import Conflict, Journal
from application.ports import Clock, Holders
from domain.base import Act
from domain.identity_numbers import IdentityNumber
from domain.messages import tell
from domain.officer import Officer
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean
from domain.values import Provenance, Role, shanghai_day


@dataclass(frozen=True, slots=True)
class OfficerDone:
    """What a registration answers: the position to wait for before reading."""

    position: int


class Officers:
    """Registering who an officer is, and telling it of whoever decides.

    ``needed``: whether nobody decides of whom it is not known who they are, as behind an identity provider.
    """

    def __init__(self, journal: Journal, holders: Holders, clock: Clock, *, needed: bool = False) -> None:
        self._journal, self._holders, self._clock, self._needed = journal, holders, clock, needed

    def register(self, by: Provenance, subject: str, id_type: str, id_number: str) -> OfficerDone:
        """Say who an officer is; once more replaces what was said. ``subject`` is in the form in which subjects are compared.

        The event comes first: a crash leaves at most a registration that is said anew. Raises ``Refused``.
        """
        require(by.actor, Action.REGISTER_OFFICER)
        who = clean(subject, "subject", limit=CODE_LIMIT)
        identity = IdentityNumber.of(id_type, id_number, today=shanghai_day(self._clock()))
        while True:  # another administrator's event on the same stream is read and decided on anew
            act = Act(by, self._clock())
            stream = self._holders.officer_stream(who)
            officer = self._journal.load(Officer, stream)
            if officer is None:
                officer = Officer.begin(Officer.Registered, act, stream, subject=who)
            else:
                officer.decide(Officer.RegisteredAnew, act)
            try:
                position = self._journal.record(officer)
            except Conflict:
                continue
            self._holders.register_officer(who, identity.kind, identity.number)
            return OfficerDone(position)

    @staticmethod
    def asked_of(by: Provenance) -> str | None:
        """The subject of whom it has to be asked who they are; None where they decide nothing, or it is stated."""
        actor = by.actor
        return actor.subject if actor.role is Role.REVIEWER and actor.holder_ref is None else None

    def identified(self, by: Provenance, answer: tuple[bool, UUID | None] | None = None) -> Provenance:
        """A provenance whose actor bears their own holder reference, where they decide and it is known.

        ``answer`` is what ``Holders.officer`` says of them, where it was asked already. Raises ``Refused`` (OFFICER_UNKNOWN) where it has to be known and is not.
        """
        actor = by.actor
        if self.asked_of(by) is None:
            return by
        known, ref = answer or self._holders.officer(actor.subject)
        if not known and self._needed:
            raise Refused(
                RefusalCode.OFFICER_UNKNOWN,
                tell("officer.unknown"),
            )
        return by if ref is None else by.model_copy(update={"actor": actor.model_copy(update={"holder_ref": ref})})
