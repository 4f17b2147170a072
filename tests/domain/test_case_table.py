"""Every past a case can have, times every command: where it leads, or why it is refused."""

from itertools import product

import pytest

from domain.case.case import RecognitionCase
from domain.case.imported import Imported
from domain.case.state import CLOSED, OPEN
from domain.refusals import RefusalCode
from domain.values import CaseStatus
from tests.domain.cases import COMMANDS, PASTS, given, usual
from tests.domain.scenario import act

MEANING = {
    "SUB": CaseStatus.SUBMITTED,
    "MAT": CaseStatus.MATCHED,
    "ASK": CaseStatus.SUPPLEMENT_REQUESTED,
    "APP": CaseStatus.APPROVED,
    "REJ": CaseStatus.REJECTED,
    "WIT": CaseStatus.WITHDRAWN,
    "REV": CaseStatus.REVOKED,
    "ANN": CaseStatus.ANNULLED,
    "SUR": CaseStatus.SURRENDERED,
    "closed": RefusalCode.CASE_CLOSED,
    "wrong": RefusalCode.WRONG_STATE,
    "nomatch": RefusalCode.NOT_MATCHED,
    "open": RefusalCode.TITLE_OPEN,
    "noprop": RefusalCode.NOTHING_PROPOSED,
    "pending": RefusalCode.PROPOSAL_PENDING,
    "nonotice": RefusalCode.NOTICE_NOT_GIVEN,
    "hearing": RefusalCode.HEARING_OPEN,
    "stands": RefusalCode.TITLE_STANDS,
}
COURSE = """
past          match  confirm_match require_rematch request_supplement supplement transfer approve reject withdraw miss_deadline
submitted     MAT    MAT           SUB             ASK                SUB        SUB      nomatch REJ    WIT      SUB
candidates    MAT    MAT           SUB             ASK                SUB        SUB      nomatch REJ    WIT      SUB
matched       MAT    MAT           SUB             ASK                MAT        MAT      APP     REJ    WIT      MAT
open-title    MAT    MAT           SUB             ASK                MAT        MAT      open    REJ    WIT      MAT
asked         ASK    ASK           ASK             wrong              SUB        ASK      wrong   REJ    WIT      ASK
asked-matched ASK    ASK           ASK             wrong              MAT        ASK      wrong   REJ    WIT      ASK
rematch       MAT    MAT           wrong           ASK                SUB        SUB      nomatch REJ    WIT      SUB
approved      closed closed        closed          closed             closed     closed   closed  closed closed   wrong
proposed      closed closed        closed          closed             closed     closed   closed  closed closed   wrong
noticed       closed closed        closed          closed             closed     closed   closed  closed closed   wrong
heard         closed closed        closed          closed             closed     closed   closed  closed closed   wrong
declined      closed closed        closed          closed             closed     closed   closed  closed closed   wrong
error-heard   closed closed        closed          closed             closed     closed   closed  closed closed   wrong
reassessed    closed closed        closed          closed             closed     closed   closed  closed closed   wrong
remanded      MAT    MAT           SUB             ASK                MAT        MAT      APP     stands stands   MAT
rejected      closed closed        closed          closed             closed     closed   closed  closed closed   wrong
reopened      MAT    MAT           SUB             ASK                SUB        SUB      nomatch REJ    WIT      SUB
withdrawn     closed closed        closed          closed             closed     closed   closed  closed closed   wrong
revoked       closed closed        closed          closed             closed     closed   closed  closed closed   wrong
annulled      closed closed        closed          closed             closed     closed   closed  closed closed   wrong
surrendered   closed closed        closed          closed             closed     closed   closed  closed closed   wrong
back-proposed closed closed        closed          closed             closed     closed   closed  closed closed   wrong
reinstated    closed closed        closed          closed             closed     closed   closed  closed closed   wrong
"""
"""What leads to a decision."""
TITLES = """
past          propose_revocation confirm_revocation propose_annulment confirm_annulment decline give_notice answer   surrender reinstate confirm_reinstatement reassess record_review
submitted     wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
candidates    wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
matched       wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
open-title    wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
asked         wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
asked-matched wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
rematch       wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
approved      APP                noprop             APP               noprop            noprop  noprop      noprop   SUR       wrong     wrong                 APP      MAT
proposed      pending            nonotice           pending           noprop            APP     APP         nonotice pending   wrong     wrong                 APP      pending
noticed       pending            hearing            pending           noprop            APP     wrong       APP      pending   wrong     wrong                 APP      pending
heard         pending            REV                pending           noprop            APP     wrong       wrong    pending   wrong     wrong                 APP      pending
declined      APP                noprop             APP               noprop            noprop  noprop      noprop   SUR       wrong     wrong                 APP      MAT
error-heard   pending            noprop             pending           ANN               APP     wrong       wrong    pending   wrong     wrong                 APP      pending
reassessed    APP                noprop             APP               noprop            noprop  noprop      noprop   SUR       wrong     wrong                 APP      MAT
remanded      MAT                noprop             MAT               noprop            noprop  noprop      noprop   SUR       wrong     wrong                 MAT      wrong
rejected      wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    SUB
reopened      wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
withdrawn     wrong              wrong              wrong             wrong             noprop  noprop      noprop   wrong     wrong     wrong                 wrong    wrong
revoked       closed             closed             closed            closed            noprop  noprop      noprop   closed    REV       noprop                closed   MAT
annulled      closed             closed             closed            closed            noprop  noprop      noprop   closed    ANN       noprop                closed   MAT
surrendered   closed             closed             closed            closed            noprop  noprop      noprop   closed    wrong     wrong                 closed   wrong
back-proposed closed             closed             closed            closed            REV     noprop      noprop   closed    pending   APP                   closed   pending
reinstated    APP                noprop             APP               noprop            noprop  noprop      noprop   SUR       wrong     wrong                 APP      MAT
"""
"""What becomes of a title."""


BY_RULE = """
past          reject_by_rule withdraw_by_rule move_claim
submitted     REJ            WIT              SUB
candidates    REJ            WIT              SUB
matched       REJ            WIT              MAT
open-title    REJ            WIT              MAT
asked         REJ            WIT              ASK
asked-matched REJ            WIT              ASK
rematch       REJ            WIT              SUB
approved      closed         closed           APP
proposed      closed         closed           APP
noticed       closed         closed           APP
heard         closed         closed           APP
declined      closed         closed           APP
error-heard   closed         closed           APP
reassessed    closed         closed           APP
remanded      stands         stands           MAT
rejected      closed         closed           REJ
reopened      REJ            WIT              SUB
withdrawn     closed         closed           WIT
revoked       closed         closed           REV
annulled      closed         closed           ANN
surrendered   closed         closed           SUR
back-proposed closed         closed           REV
reinstated    closed         closed           APP
"""
"""What the registry does by itself."""


def _cells(table):
    head, *lines = [line.split() for line in table.strip().splitlines()]
    return {(row[0], command): MEANING[cell] for row in lines for command, cell in zip(head[1:], row[1:], strict=True)}


CELLS = _cells(COURSE) | _cells(TITLES) | _cells(BY_RULE)


def test_the_table_is_complete():
    """Every past and every command has its cell, every event but the first is some command's, and every status some past's end."""
    recorded = {type(given(past).when(lambda _: None).past[-1]) for past in PASTS}
    recorded |= {type(new) for (past, command) in CELLS for new in _tried(past, command).new}
    assert recorded | {Imported} == set(RecognitionCase.GUARDS)  # which begins a case: tests/domain/test_imported.py
    assert CELLS.keys() == set(product(PASTS, COMMANDS))
    assert {given(past).when(lambda _: None).state.status for past in PASTS} == set(CaseStatus)


def _tried(past, command):
    return given(past).when(lambda case: COMMANDS[command](case, act(usual(command))))


@pytest.mark.parametrize(("past", "command"), CELLS)
def test_a_command_leads_where_the_table_says(past, command):
    """In each state each command is allowed, and leads to one state, or is refused for one reason."""
    result = CELLS[past, command]
    outcome = _tried(past, command)
    if isinstance(result, RefusalCode):
        outcome.refused(result)
    else:
        assert outcome.refusal is None
        assert len(outcome.new) == 1
        assert outcome.state.status is result


def test_terminal_states_stay_terminal():
    """Only a confirmed reinstatement and a recorded review lead out of an ended case, and not out of every one."""
    ended = {past: given(past).when(lambda _: None).state.status for past in PASTS}
    ended = {past: status for past, status in ended.items() if status in CLOSED}
    assert set(ended) == {"rejected", "withdrawn", "revoked", "annulled", "surrendered", "back-proposed"}
    leading_out = {
        cell
        for cell, result in CELLS.items()
        if cell[0] in ended and isinstance(result, CaseStatus) and result is not ended[cell[0]]
    }
    assert leading_out == {
        ("back-proposed", "confirm_reinstatement"),
        ("rejected", "record_review"),
        ("revoked", "record_review"),
        ("annulled", "record_review"),
    }


def test_every_state_is_open_ended_or_approved():
    """The three kinds of state do not overlap and leave none out."""
    assert OPEN | CLOSED | {CaseStatus.APPROVED} == set(CaseStatus)
    assert not OPEN & CLOSED
