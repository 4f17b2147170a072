"""What may be decided about a person's data as a whole (PIPL articles 44 and 47)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain.base import Act
from domain.holder import Holder
from domain.identifiers import holder_stream
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Provenance, Role

REF = UUID("11111111-1111-4111-8111-111111111111")
ACT = Act(Provenance(actor=Actor(subject="officer", role=Role.PRIVACY_OFFICER)), datetime(2026, 11, 23, tzinfo=UTC))


def opened() -> Holder:
    """A file that was just opened."""
    return Holder.open(ACT, REF)


def refused(act: object) -> RefusalCode:
    """The code of a refusal."""
    with pytest.raises(Refused) as found:
        act()  # type: ignore[operator]
    return found.value.code


def test_a_holders_stream_follows_from_their_reference() -> None:
    """Two officers who act at once meet in one stream; nothing of the person is in its name."""
    assert opened().id == holder_stream(REF) != holder_stream(uuid4())


def test_restriction_begins_and_ends_once() -> None:
    """While it lasts nothing is decided; a repetition is refused."""
    holder = opened()
    holder.state.require_processable()
    assert refused(lambda: holder.decide(Holder.RestrictionLifted, ACT, legal_basis="x")) == RefusalCode.WRONG_STATE
    holder.decide(Holder.Restricted, ACT, legal_basis="x")
    assert refused(lambda: holder.decide(Holder.Restricted, ACT, legal_basis="x")) == RefusalCode.WRONG_STATE
    assert refused(holder.state.require_processable) == RefusalCode.HOLDER_RESTRICTED
    holder.decide(Holder.RestrictionLifted, ACT, legal_basis="x")
    holder.state.require_processable()


def test_erasure_is_for_good_and_recorded_once() -> None:
    """A repetition records nothing; nothing follows but the completion, once."""
    holder = opened()
    assert refused(lambda: holder.complete_destruction(ACT, 0)) == RefusalCode.WRONG_STATE
    for _ in range(2):
        holder.erase(ACT, "PIPL article 47")
    assert refused(holder.state.require_processable) == RefusalCode.HOLDER_ERASED
    assert refused(lambda: holder.decide(Holder.Restricted, ACT, legal_basis="x")) == RefusalCode.HOLDER_ERASED
    assert refused(lambda: holder.decide(Holder.RestrictionLifted, ACT, legal_basis="x")) == RefusalCode.HOLDER_ERASED
    for _ in range(2):
        holder.complete_destruction(ACT, 3)
    kinds = [type(event) for event in holder.collect_events()]
    assert kinds == [Holder.Opened, Holder.Erased, Holder.DestructionCompleted]
