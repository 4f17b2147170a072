"""Publishing a further catalog: an act of two administrators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID, uuid4

from application.access import Action, require
from application.catalogs import Shelf, Wanted, always
from application.issuers import carried, own_spellings
from application.journal import Conflict, Journal
from application.overlaps import overlaps
from application.ports import Clock
from domain.base import Act
from domain.catalog.names import Note, readable_entries, unreadable_names
from domain.catalog.proposal import CatalogProposal, CatalogTerms
from domain.guards import Circumstances
from domain.matching import Matcher, Vocabulary
from domain.matching.remembered import RememberedTexts
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, PROSE_LIMIT, clean
from domain.values import Alias, CatalogEntry, Notice, Provenance, shanghai_day

_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CatalogProposals:
    """Proposing, publishing and discarding catalogs."""

    def __init__(self, journal: Journal, shelf: Shelf, clock: Clock, known: Circumstances) -> None:
        self._journal = journal
        self._shelf = shelf
        self._clock = clock
        self._known = known

    def propose(self, by: Provenance, terms: CatalogTerms) -> tuple[UUID, int]:
        """Propose a catalog; the proposal's identifier and the position. Raises ``Refused``, also CATALOG_EXISTS."""
        require(by.actor, Action.AMEND_CATALOG)
        for refusal in self.refusals(terms):
            raise refusal
        proposal = CatalogProposal.propose(Act(by, self._clock()), uuid4(), self._with_issuers(terms), self._known)
        return proposal.id, self._journal.record(proposal)

    def _with_issuers(self, terms: CatalogTerms) -> CatalogTerms:
        """The terms with aliases for every issuing body, what other catalogs call it and its own spelling here, and with the
        words that other catalogs are matched by.
        """
        catalogs = [self._shelf.catalog(code) for code in self._shelf.codes()]
        known = [alias for each in catalogs for alias in each.aliases_at(each.latest.number)]
        bodies = [entry.issuing_body for entry in terms.entries]
        held = (word for each in catalogs for word in each.vocabulary_at(each.latest.number))
        vocabulary = tuple(dict.fromkeys((*terms.vocabulary, *held)))
        words = Vocabulary(vocabulary, terms.code)
        aliases = tuple(dict.fromkeys((*terms.aliases, *carried(bodies, known, words))))
        whole = (*aliases, *own_spellings(bodies, aliases, words))
        return terms.model_copy(update={"aliases": whole, "vocabulary": vocabulary})

    def refusals(self, terms: CatalogTerms) -> Iterator[Refused]:
        """Everything that stands against publishing these terms now."""
        if terms.code in self._shelf.codes():
            yield _exists(terms.code)
        yield from terms.refusals(self._known.rules.commencement)
        whole = self._with_issuers(terms)
        readable = readable_entries(terms.entries, whole.aliases, Vocabulary(whole.vocabulary, terms.code))
        yield from unreadable_names(terms.entries, (), readable, Vocabulary(()), "entries")

    def notes(self, terms: CatalogTerms, wanted: Wanted = always) -> Iterator[Note]:
        """What the signers should know: entries that another catalog in force, or soon in force, has too and awards otherwise.

        What both award alike is no question. Costs the building of one matcher and a match for each name of either catalog.
        Raises ``Abandoned`` once the answer is not ``wanted`` any more.
        """
        if not terms.entries or any(terms.refusals(self._known.rules.commencement)):
            return
        whole = self._with_issuers(terms)
        own = Matcher(
            terms.entries, whole.aliases, Vocabulary(whole.vocabulary, terms.code), remembered=RememberedTexts()
        )
        on = max(terms.effective_from, shanghai_day(self._clock()))
        yield from overlaps(self._shelf, terms.code, terms.entries, on, field="entries", wanted=wanted, own=own)

    def notes_of(self, proposal_id: UUID, wanted: Wanted = always) -> tuple[Note, ...]:
        """The same for a proposal that is on its way, for whoever is to publish it; nothing once it is closed."""
        state = self._load(proposal_id).state
        return tuple(self.notes(state.terms, wanted)) if state.status == "PROPOSED" else ()

    def publish(self, by: Provenance, proposal_id: UUID) -> tuple[str, int]:
        """Publish a proposed catalog; its code and the position. Of two who publish at once one wins."""
        require(by.actor, Action.AMEND_CATALOG)
        proposal = self._load(proposal_id)
        catalog = proposal.publish(Act(by, self._clock()))
        try:
            return catalog.state.code, self._journal.record(proposal, catalog)
        except Conflict:
            proposal = self._load(proposal_id)
            proposal.publish(Act(by, self._clock()))  # raises where it was this proposal that was closed meanwhile
            raise _exists(catalog.state.code) from None

    def discard(self, by: Provenance, proposal_id: UUID, reason: str) -> int:
        """Drop a proposal; the position."""
        require(by.actor, Action.AMEND_CATALOG)
        why = clean(reason, "reason", limit=PROSE_LIMIT)
        proposal = self._load(proposal_id)
        proposal.discard(Act(by, self._clock()), why)
        try:
            return self._journal.record(proposal)
        except Conflict:
            raise Refused(RefusalCode.PROPOSAL_CLOSED, tell("proposal.closed_meanwhile")) from None

    def _load(self, proposal_id: UUID) -> CatalogProposal:
        proposal = self._journal.load(CatalogProposal, proposal_id)
        if proposal is None:
            raise Refused(RefusalCode.UNKNOWN_PROPOSAL, tell("proposal.unknown"), "proposalId")
        return proposal


def catalog_terms(
    code: str,
    name: str,
    notice: Notice,
    effective_from: date,
    entries: Sequence[CatalogEntry],
    aliases: Sequence[Alias] = (),
) -> CatalogTerms:
    """Terms as the domain keeps them. Raises ``Refused`` for a malformed code or name."""
    if len(code) > CODE_LIMIT or not _CODE.fullmatch(code):
        raise Refused(
            RefusalCode.INVALID_INPUT,
            tell("catalog.code_malformed", field="code", most=CODE_LIMIT),
            "code",
        )
    return CatalogTerms(
        code=code,
        name=clean(name, "name"),
        notice=notice,
        effective_from=effective_from,
        entries=tuple(entries),
        aliases=tuple(aliases),
    )


def _exists(code: str) -> Refused:
    return Refused(RefusalCode.CATALOG_EXISTS, tell("catalog.exists_named", code=code), "code")
