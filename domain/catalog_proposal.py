"""A further catalog on its way: one administrator proposes it from its notice, another publishes it (article 5).

    PROPOSED ─→ PUBLISHED
        └─────→ DISCARDED

The proposal is a stream of its own. Publishing records its end here and begins the catalog's stream, in one transaction,
so a catalog's history starts with its first version, as that of the official one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, Immutable, event
from domain.catalog import Catalog
from domain.catalog_versions import refusals_of_entries
from domain.refusals import RefusalCode, Refused
from domain.values import COMMENCEMENT, Alias, CatalogEntry, Notice, Provenance, Role


class CatalogTerms(Immutable):
    """What is proposed: the whole first version of a catalog, and the notice it comes from."""

    code: str
    name: str
    notice: Notice
    effective_from: date
    entries: tuple[CatalogEntry, ...]
    aliases: tuple[Alias, ...] = ()

    def refusals(self) -> Iterator[Refused]:
        """Everything that stands against these terms.

        The day may lie before that of publication: the notice was in force whether or not this registry knew it, and
        what it knew at an instant stays answerable. It does not lie before recognition began.
        """
        if self.effective_from < COMMENCEMENT:
            yield Refused(
                RefusalCode.EFFECTIVE_TOO_EARLY,
                f"Nothing is recognised before {COMMENCEMENT}; choose that day or a later one.",
                "effectiveFrom",
            )
        yield from refusals_of_entries(self.entries)


class CatalogProposal(Aggregate):
    """One proposed catalog."""

    TOPIC: ClassVar[str] = "catalog-proposal"

    class Proposed(Created):
        """An administrator proposes a further catalog."""

        TOPIC: ClassVar[str] = "catalog-proposal.proposed"
        terms: CatalogTerms

    class Published(Aggregate.Event):
        """Another administrator publishes it; the catalog's own stream begins in the same transaction."""

        TOPIC: ClassVar[str] = "catalog-proposal.published"

    class Discarded(Aggregate.Event):
        """The proposal is dropped; no catalog comes of it."""

        TOPIC: ClassVar[str] = "catalog-proposal.discarded"
        reason: str

    @event(Proposed)
    def __init__(self, terms: CatalogTerms, by: Provenance) -> None:
        self.terms = terms
        self.proposed_by = by.actor.subject
        self.status = "PROPOSED"

    @classmethod
    def propose(cls, act: Act, proposal_id: UUID, terms: CatalogTerms) -> Self:
        """Propose a catalog. Raises ``Refused`` with the first of the terms' ``refusals``."""
        _require_administrator(act)
        for refusal in terms.refusals():
            raise refusal
        return cls._begin(act, cls.Proposed, proposal_id, terms=terms)

    def publish(self, act: Act) -> Catalog:
        """Publish it: answers the catalog that begins. Raises ``Refused`` for its proposer, and once it is closed."""
        _require_administrator(act)
        self._require_open()
        if self.proposed_by == act.by.actor.subject:
            raise Refused(
                RefusalCode.SAME_ADMINISTRATOR, "You proposed this catalog; another administrator must publish it."
            )
        terms = self.terms
        catalog = Catalog.publish(
            act,
            code=terms.code,
            name=terms.name,
            notice=terms.notice,
            effective_from=terms.effective_from,
            entries=terms.entries,
            aliases=terms.aliases,
        )
        self._record(act, CatalogProposal.Published)
        return catalog

    @event(Published)
    def _published(self) -> None:
        self.status = "PUBLISHED"

    def discard(self, act: Act, reason: str) -> None:
        """Drop it, by its proposer or another administrator. Raises ``Refused`` once it is closed."""
        _require_administrator(act)
        self._require_open()
        self._record(act, CatalogProposal.Discarded, reason=reason)

    @event(Discarded)
    def _discarded(self) -> None:
        self.status = "DISCARDED"

    def _require_open(self) -> None:
        if self.status != "PROPOSED":
            raise Refused(
                RefusalCode.PROPOSAL_CLOSED,
                f"The proposal is {self.status.lower()} already; propose another to publish more.",
                "proposalId",
            )


def _require_administrator(act: Act) -> None:
    if act.by.actor.role is not Role.ADMINISTRATOR:
        raise Refused(RefusalCode.NOT_PERMITTED, "Only administrators publish catalogs; ask one to do it.")
