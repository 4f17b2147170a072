"""Who may restrict and erase a person's data, in which order, and what is said where nothing may be recorded any more."""

import pytest

from domain.guards import breaches
from domain.holder import Holder
from domain.identifiers import holder_stream
from domain.refusals import RefusalCode, Refused
from domain.values import Role
from tests.domain.cases import HOLDER
from tests.domain.scenario import REGISTRY, Given, Happened, act, actor

OFFICER = actor("privacy-officer", Role.PRIVACY_OFFICER)
OPENED = Happened(Holder.Opened, {"holder_ref": HOLDER})
BASIS = {"holder_ref": HOLDER, "legal_basis": "PIPL article 47"}
RESTRICTED, LIFTED = Happened(Holder.Restricted, BASIS), Happened(Holder.RestrictionLifted, BASIS)
ERASED = Happened(Holder.Erased, BASIS)
DESTROYED = Happened(Holder.DestructionCompleted, {"holder_ref": HOLDER, "evidence_files": 2})


def given(*past):
    """A person's data after these events."""
    return Given(Holder, holder_stream(HOLDER), *past)


@pytest.mark.parametrize("role", Role)
def test_privacy_officers_restrict_and_erase_and_the_registry_completes(role):
    """No other role does, whatever the API allows."""
    by = actor("somebody", role)
    allowed = role in {Role.PRIVACY_OFFICER, Role.SYSTEM}
    commands = (
        ((), lambda _: Holder.open(act(by), HOLDER)),
        ((OPENED,), lambda holder: holder.decide(Holder.Restricted, act(by), legal_basis="b")),
        ((OPENED, RESTRICTED), lambda holder: holder.decide(Holder.RestrictionLifted, act(by), legal_basis="b")),
        ((OPENED,), lambda holder: holder.erase(act(by), "b")),
    )
    for past, command in commands:
        outcome = given(*past).when(command)
        if allowed:
            assert len(outcome.new) == 1
        else:
            outcome.refused(RefusalCode.NOT_PERMITTED)


def test_each_step_needs_the_one_before():
    """Restricted once, lifted where it was restricted, destroyed where it was erased, and nothing decided about what is gone."""
    by = act(OFFICER)
    restrict = lambda holder: holder.decide(Holder.Restricted, by, legal_basis="b")  # noqa: E731 - one of a pair
    lift = lambda holder: holder.decide(Holder.RestrictionLifted, by, legal_basis="b")  # noqa: E731 - the other of the pair
    given(OPENED, RESTRICTED).when(restrict).refused(RefusalCode.WRONG_STATE)
    given(OPENED).when(lift).refused(RefusalCode.WRONG_STATE)
    given(OPENED, RESTRICTED, LIFTED).when(restrict).then(Happened(Holder.Restricted, BASIS | {"legal_basis": "b"}))
    for command in (restrict, lift):
        assert given(OPENED, RESTRICTED, ERASED).when(command).refused(RefusalCode.HOLDER_ERASED).field == "holder"
    given(OPENED).when(lambda holder: holder.complete_destruction(act(REGISTRY), 2)).refused(RefusalCode.WRONG_STATE)
    given(OPENED, ERASED).when(lambda holder: holder.complete_destruction(act(REGISTRY), 2)).then(DESTROYED)
    given(OPENED, ERASED, DESTROYED).when(lambda holder: holder.complete_destruction(act(REGISTRY), 2)).then()
    given(OPENED, ERASED).when(lambda holder: holder.erase(by, "again")).then()


def test_each_step_does_what_it_says_and_nothing_else():
    """Kept and not processed, processed again, gone, destroyed."""
    pasts = (
        (OPENED,),
        (OPENED, RESTRICTED),
        (OPENED, RESTRICTED, LIFTED),
        (OPENED, ERASED),
        (OPENED, ERASED, DESTROYED),
    )
    states = [given(*past).when(lambda _: None).state for past in pasts]
    assert [(each.restricted, each.erased, each.destroyed) for each in states] == [
        (False, False, False),
        (True, False, False),
        (False, False, False),
        (False, True, False),
        (False, True, True),
    ]
    assert {each.holder_ref for each in states} == {HOLDER}


def test_of_a_restricted_or_erased_person_nothing_is_recorded():
    """The refusal stands beside the holder in the form; erased comes first, since it is for good."""
    given(OPENED).when(lambda _: None).state.require_processable()
    for past, code in (
        ((OPENED, RESTRICTED), RefusalCode.HOLDER_RESTRICTED),
        ((OPENED, ERASED), RefusalCode.HOLDER_ERASED),
        ((OPENED, RESTRICTED, ERASED), RefusalCode.HOLDER_ERASED),
    ):
        with pytest.raises(Refused) as refused:
            given(*past).when(lambda _: None).state.require_processable()
        assert (refused.value.code, refused.value.field) == (code, "holder")
        assert refused.value.message.endswith(".")


def test_an_audit_finds_what_was_destroyed_and_never_erased():
    """Whoever completes it is the registry or an operator; that somebody erased it is what counts."""
    from domain.guards import Attempt

    state = given(OPENED).when(lambda _: None).state
    event = DESTROYED.at(holder_stream(HOLDER), 2, "")
    assert [each.guard.name for each in breaches(Holder.GUARDS, Attempt(event, state, None))] == ["erased_before"]
