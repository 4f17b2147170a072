"""A further catalog on its way: one administrator proposes it from its notice, another publishes it (article 5).

    PROPOSED ─→ PUBLISHED
        └─────→ DISCARDED

The proposal is a stream of its own. Publishing records its end here and begins the catalog's stream, in one transaction,
so a catalog's history starts with its first version, as that of the official one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, Immutable, State
from domain.catalog.amendment import AliasChange, refusals_of_alias_changes, refusals_of_entries
from domain.catalog.catalog import Catalog
from domain.guards import Asks, Attempt, Circumstances, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Alias, CatalogEntry, EntryChangeKind, Notice, Role, Word, same_person


class CatalogTerms(Immutable):
    """What is proposed: the whole first version of a catalog, and the notice it comes from."""

    code: str
    name: str
    notice: Notice
    effective_from: date
    entries: tuple[CatalogEntry, ...]
    aliases: tuple[Alias, ...] = ()
    vocabulary: tuple[Word, ...] = ()

    def refusals(self, commencement: date) -> Iterator[Refused]:
        """Everything that stands against these terms where recognition began on this day.

        The day may lie before that of publication: the notice was in force whether or not this registry knew it, and
        what it knew at an instant stays answerable. It does not lie before recognition began.
        """
        if self.effective_from < commencement:
            yield Refused(
                RefusalCode.EFFECTIVE_TOO_EARLY,
                tell("catalog.before_commencement", commencement=commencement),
                "effectiveFrom",
            )
        yield from refusals_of_entries(self.entries, self.notice.levels)
        added = [AliasChange(kind=EntryChangeKind.ADDED, alias=alias) for alias in self.aliases]
        yield from refusals_of_alias_changes(added, (), {entry.number for entry in self.entries}, (), "aliases")


@dataclass(kw_only=True)
class ProposalState(State):
    """A proposed catalog: PROPOSED, then PUBLISHED or DISCARDED."""

    proposal_id: UUID
    terms: CatalogTerms
    proposed_by: Actor
    status: str = "PROPOSED"


@guard(Asks.WHO, "article 5")
def an_administrator(attempt: Attempt) -> Refused | None:
    """Administrators propose and publish further catalogs."""
    if attempt.event.by.actor.role is Role.ADMINISTRATOR:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("proposal.administrators_only"))


@guard(Asks.WHO, "article 5")
def not_its_proposer(attempt: Attempt) -> Refused | None:
    """The administrator who proposed a catalog does not publish it."""
    if not same_person(attempt.state.proposed_by, attempt.event.by.actor):
        return None
    return Refused(RefusalCode.SAME_ADMINISTRATOR, tell("proposal.not_its_proposer"))


@guard(Asks.WHEN, "article 5")
def proposal_open(attempt: Attempt) -> Refused | None:
    """A proposal is published or discarded once."""
    if attempt.state.status == "PROPOSED":
        return None
    published = attempt.state.status == "PUBLISHED"
    said = tell("proposal.published_already") if published else tell("proposal.discarded_already")
    return Refused(RefusalCode.PROPOSAL_CLOSED, said, "proposalId")


@guard(Asks.WHAT, "article 5")
def terms_sound(attempt: Attempt) -> Iterator[Refused]:
    """A catalog takes effect no earlier than recognition began, and its entries are sound."""
    yield from attempt.event.terms.refusals(attempt.known.rules.commencement)


class CatalogProposal(Aggregate):
    """One proposed catalog."""

    TOPIC: ClassVar[str] = "catalog-proposal"

    class Event(Aggregate.Event):
        """Something that happened to a proposed catalog."""

    class Proposed(Created, Event):
        """An administrator proposes a further catalog."""

        TOPIC: ClassVar[str] = "catalog-proposal.proposed"
        terms: CatalogTerms

        @staticmethod
        def initial(event: Any) -> ProposalState:
            """The proposal waits for another administrator."""
            return ProposalState(
                version=event.originator_version,
                proposal_id=event.originator_id,
                terms=event.terms,
                proposed_by=event.by.actor,
            )

    class Published(Event):
        """Another administrator publishes it; the catalog's own stream begins in the same transaction."""

        TOPIC: ClassVar[str] = "catalog-proposal.published"

        @staticmethod
        def change(state: ProposalState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """The proposal is closed."""
            state.status = "PUBLISHED"

    class Discarded(Event):
        """The proposal is dropped; no catalog comes of it."""

        TOPIC: ClassVar[str] = "catalog-proposal.discarded"
        reason: str

        @staticmethod
        def change(state: ProposalState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """The proposal is closed."""
            state.status = "DISCARDED"

    GUARDS: ClassVar[Guards] = {
        Proposed: (an_administrator, terms_sound),
        Published: (an_administrator, proposal_open, not_its_proposer),
        Discarded: (an_administrator, proposal_open),
    }

    @property
    def state(self) -> ProposalState:
        """The proposal as its events leave it; for reading only."""
        state: ProposalState = self._state
        return state

    @classmethod
    def propose(cls, act: Act, proposal_id: UUID, terms: CatalogTerms, known: Circumstances) -> Self:
        """Propose a catalog. Raises ``Refused`` with the first of the terms' ``refusals``."""
        return cls.begin(cls.Proposed, act, proposal_id, known, terms=terms)

    def publish(self, act: Act) -> Catalog:
        """Publish it: answers the catalog that begins. Raises ``Refused`` for its proposer, and once it is closed."""
        self.decide(CatalogProposal.Published, act)
        terms = self.state.terms
        return Catalog.publish(
            act,
            code=terms.code,
            name=terms.name,
            notice=terms.notice,
            effective_from=terms.effective_from,
            entries=terms.entries,
            aliases=terms.aliases,
            vocabulary=terms.vocabulary,
        )

    def discard(self, act: Act, reason: str) -> None:
        """Drop it, by its proposer or another administrator. Raises ``Refused`` once it is closed."""
        self.decide(CatalogProposal.Discarded, act, reason=reason)
