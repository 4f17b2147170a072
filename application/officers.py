"""Who officers are: registered by an administrator, compared when they decide."""

from __future__ import annotations

from dataclasses import dataclass

from application.access import Action, require
from application.commands import clean_id_number, clean_id_type
from application.journal import Conflict, Journal
from application.ports import Clock, Holders
from domain.base import Act
from domain.officer import Officer
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean
from domain.values import Provenance, Role


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
        kind, number = clean_id_type(id_type), clean_id_number(id_number)
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
            self._holders.register_officer(who, kind, number)
            return OfficerDone(position)

    def identified(self, by: Provenance) -> Provenance:
        """A provenance whose actor bears their own holder reference, where they decide and it is known.

        Raises ``Refused`` (OFFICER_UNKNOWN) where it has to be known and is not.
        """
        actor = by.actor
        if actor.role is not Role.REVIEWER or actor.holder_ref is not None:
            return by
        known, ref = self._holders.officer(actor.subject)
        if not known and self._needed:
            raise Refused(
                RefusalCode.OFFICER_UNKNOWN,
                "It is not known who you are, so nobody can tell that this is not your own case: let an administrator register you "
                "(`registerOfficer`), or the identity provider state `holder`.",
            )
        return by if ref is None else by.model_copy(update={"actor": actor.model_copy(update={"holder_ref": ref})})
