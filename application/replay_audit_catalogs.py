"""Re-checking a catalog's recorded history: whether each amendment was proposed by one administrator and issued by another,
against the latest version, on a day it could take effect (article 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from application.replay_audit import Violation
from domain.base import Event
from domain.catalog import Catalog
from domain.refusals import RefusalCode
from domain.values import Role, shanghai_day

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
"""Who amends; the registry itself publishes the official notice."""


def catalog_violations(events: Iterable[Event]) -> list[Violation]:
    """Everything that breaks a rule in one catalog's history, in order; empty for a lawful one.

    Checking ends at a place where an event does not follow the one before, since no state is known behind it.
    """
    found: list[Violation] = []
    catalog: Catalog | None = None
    before: Event | None = None
    for event in events:
        if (before.originator_version if before else 0) + 1 != event.originator_version:
            return [*found, _violation(event, "HISTORY_BROKEN", "It does not follow the version before it.")]
        if before is not None and event.recorded_at < before.recorded_at:
            found.append(_violation(event, "BACK_DATED", f"It is recorded before version {before.originator_version}."))
        found.extend(_violation(event, code, message) for code, message in _faults(catalog, event))
        if _is_unfounded(catalog, event):
            return found
        catalog = event.mutate(catalog)
        before = event
    return found


def _faults(catalog: Catalog | None, event: Event) -> Iterator[tuple[str, str]]:
    if event.by.actor.role not in ADMINISTRATORS:
        yield "WRONG_ACTOR", "Only administrators publish and amend catalogs."
    if catalog is None:
        return
    if isinstance(event, Catalog.AmendmentProposed):
        for refusal in catalog.refusals(event.terms, shanghai_day(event.recorded_at)):
            yield refusal.code.value, refusal.message
    elif _is_unfounded(catalog, event):
        yield RefusalCode.UNKNOWN_AMENDMENT.value, "Nobody proposed what was issued or discarded."
    elif isinstance(event, Catalog.AmendmentIssued):
        yield from _issue_faults(catalog, event)


def _is_unfounded(catalog: Catalog | None, event: Event) -> bool:
    if not isinstance(event, Catalog.AmendmentIssued | Catalog.AmendmentDiscarded):
        return False
    return catalog is None or event.amendment_id not in catalog.amendments


def _issue_faults(catalog: Catalog, event: Catalog.AmendmentIssued) -> Iterator[tuple[str, str]]:
    amendment = catalog.amendments[event.amendment_id]
    if amendment.proposed_by.subject == event.by.actor.subject:
        yield RefusalCode.SAME_ADMINISTRATOR.value, "The administrator who proposed the amendment issued it."
    if amendment.status != "PROPOSED":
        yield RefusalCode.AMENDMENT_CLOSED.value, f"The amendment was {amendment.status.lower()} already."
    if amendment.terms != event.terms:
        yield "TERMS_CHANGED", "What was issued is not what was proposed."
    if event.number != catalog.latest.number + 1:
        yield "NUMBER_SKIPPED", f"Version {event.number} followed version {catalog.latest.number}."
    for refusal in catalog.refusals(event.terms, shanghai_day(event.recorded_at)):
        yield refusal.code.value, refusal.message


def _violation(event: Event, code: str, message: str) -> Violation:
    return Violation(event.originator_version, event.TOPIC, code, message)
