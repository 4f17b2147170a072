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
from application.ports import Clock
from application.several_catalogs import GoverningVersion, same_award
from domain.base import Act
from domain.catalog.names import Abandoned, Note, NoteCode, readable_entries, unreadable_names
from domain.catalog.proposal import CatalogProposal, CatalogTerms
from domain.catalog.texts import award_text
from domain.matching import Matcher, Vocabulary
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, PROSE_LIMIT, clean
from domain.values import Alias, CatalogEntry, Notice, Provenance, shanghai_day

_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CatalogProposals:
    """Proposing, publishing and discarding catalogs."""

    def __init__(self, journal: Journal, shelf: Shelf, clock: Clock) -> None:
        self._journal = journal
        self._shelf = shelf
        self._clock = clock

    def propose(self, by: Provenance, terms: CatalogTerms) -> tuple[UUID, int]:
        """Propose a catalog; the proposal's identifier and the position. Raises ``Refused``, also CATALOG_EXISTS."""
        require(by.actor, Action.AMEND_CATALOG)
        for refusal in self.refusals(terms):
            raise refusal
        proposal = CatalogProposal.propose(Act(by, self._clock()), uuid4(), self._with_issuers(terms))
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
        yield from terms.refusals()
        whole = self._with_issuers(terms)
        readable = readable_entries(terms.entries, whole.aliases, Vocabulary(whole.vocabulary, terms.code))
        yield from unreadable_names(terms.entries, (), readable, Vocabulary(()), "entries")

    def notes(self, terms: CatalogTerms, wanted: Wanted = always) -> Iterator[Note]:
        """What the signers should know: entries that another catalog in force, or soon in force, has too and awards otherwise.

        What both award alike is no question. Costs the building of one matcher and a match for each name of either catalog.
        Raises ``Abandoned`` once the answer is not ``wanted`` any more.
        """
        if not terms.entries or any(terms.refusals()):
            return
        whole = self._with_issuers(terms)
        own = Matcher(terms.entries, whole.aliases, Vocabulary(whole.vocabulary, terms.code), remember_issuers=True)
        for code in self._shelf.codes():
            number = self._shelf.catalog(code).version_in_force(max(terms.effective_from, shanghai_day(self._clock())))
            for entry, other in self._shared(terms, own, GoverningVersion(code, number), wanted) if number else ():
                if not same_award(entry, other):
                    yield _overlap(entry, other, code)

    def _shared(
        self, terms: CatalogTerms, own: Matcher, version: GoverningVersion, wanted: Wanted
    ) -> Iterator[tuple[CatalogEntry, CatalogEntry]]:
        """The entries of the terms, each with the entry of a version that its names lead to, or whose name leads to it."""
        pairs: dict[tuple[int, int], tuple[CatalogEntry, CatalogEntry]] = {}
        for entry in terms.entries:
            if not wanted():
                raise Abandoned
            for name in (entry.qualification_name, entry.translated_name):
                if other := self._shelf.leads_to(version, name, entry.issuing_body):
                    pairs[entry.number, other.number] = entry, other
        by_number = {entry.number: entry for entry in terms.entries}
        for other in self._shelf.catalog(version.catalog_code).entries_at(version.number).values():
            found = own.leads_to(other.qualification_name, other.issuing_body)
            if found is not None:
                pairs.setdefault((found, other.number), (by_number[found], other))
        yield from pairs.values()

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
            raise Refused(
                RefusalCode.PROPOSAL_CLOSED, "Another administrator closed the proposal first; look at what came of it."
            ) from None

    def _load(self, proposal_id: UUID) -> CatalogProposal:
        proposal = self._journal.load(CatalogProposal, proposal_id)
        if proposal is None:
            raise Refused(RefusalCode.UNKNOWN_PROPOSAL, "No such proposal; look it up in the list.", "proposalId")
        return proposal


def _overlap(entry: CatalogEntry, other: CatalogEntry, code: str) -> Note:
    mine, theirs = ("、".join(map(award_text, each.awards)) for each in (entry, other))
    return Note(
        NoteCode.CATALOG_OVERLAP,
        f"Entry {entry.number}, “{entry.qualification_name}”, is matched by entry {other.number} of {code} too, which leads to "
        f"{theirs} where this one leads to {mine}; certificates of it become questions unless the field of the work decides, so "
        "leave the entry out unless that is meant.",
        "entries",
    )


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
            f"`code` is not lower-case letters and digits with hyphens between, at most {CODE_LIMIT}; correct it.",
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
    return Refused(RefusalCode.CATALOG_EXISTS, f"A catalog with the code {code} exists; amend it instead.", "code")
