"""Every past a case can have, times every command: where it leads, or why it is refused."""

from itertools import product

import pytest

from domain.case.case import RecognitionCase
from domain.case.state import CLOSED, OPEN
from domain.refusals import RefusalCode
from domain.values import CaseStatus
from tests.domain.cases import BY_THE_REGISTRY, COMMANDS, PASTS, given
from tests.domain.scenario import COLLEAGUE, REGISTRY, act

MEANING = {
    "SUB": CaseStatus.SUBMITTED,
    "MAT": CaseStatus.MATCHED,
    "ASK": CaseStatus.SUPPLEMENT_REQUESTED,
    "APP": CaseStatus.APPROVED,
    "REJ": CaseStatus.REJECTED,
    "WIT": CaseStatus.WITHDRAWN,
    "REV": CaseStatus.REVOKED,
    "closed": RefusalCode.CASE_CLOSED,
    "wrong": RefusalCode.WRONG_STATE,
    "nomatch": RefusalCode.NOT_MATCHED,
    "open": RefusalCode.TITLE_OPEN,
    "noprop": RefusalCode.REVOCATION_NOT_PROPOSED,
    "twice": RefusalCode.REVOCATION_ALREADY_PROPOSED,
}
TABLE = """
past           match   confirm_match require_rematch request_supplement supplement transfer approve reject  withdraw propose_revocation confirm_revocation reinstate
submitted      MAT     MAT           SUB             ASK                SUB        SUB      nomatch REJ     WIT      wrong              wrong              wrong
candidates     MAT     MAT           SUB             ASK                SUB        SUB      nomatch REJ     WIT      wrong              wrong              wrong
matched        MAT     MAT           SUB             ASK                MAT        MAT      APP     REJ     WIT      wrong              wrong              wrong
open-title     MAT     MAT           SUB             ASK                MAT        MAT      open    REJ     WIT      wrong              wrong              wrong
asked          ASK     ASK           ASK             wrong              SUB        ASK      wrong   REJ     WIT      wrong              wrong              wrong
asked-matched  ASK     ASK           ASK             wrong              MAT        ASK      wrong   REJ     WIT      wrong              wrong              wrong
rematch        MAT     MAT           wrong           ASK                SUB        SUB      nomatch REJ     WIT      wrong              wrong              wrong
approved       closed  closed        closed          closed             closed     closed   closed  closed  closed   APP                noprop             wrong
proposed       closed  closed        closed          closed             closed     closed   closed  closed  closed   twice              REV                wrong
rejected       closed  closed        closed          closed             closed     closed   closed  closed  closed   wrong              wrong              wrong
withdrawn      closed  closed        closed          closed             closed     closed   closed  closed  closed   wrong              wrong              wrong
revoked        closed  closed        closed          closed             closed     closed   closed  closed  closed   closed             closed             APP
reinstated     closed  closed        closed          closed             closed     closed   closed  closed  closed   APP                noprop             wrong
"""
HEAD, *LINES = [line.split() for line in TABLE.strip().splitlines()]
CELLS = {(row[0], command): MEANING[cell] for row in LINES for command, cell in zip(HEAD[1:], row[1:], strict=True)}


def test_the_table_is_complete():
    """Every past and every command has its cell, every event but the first is some command's, and every status some past's end."""
    recorded = {type(given(past).when(lambda _: None).past[-1]) for past in PASTS}
    recorded |= {type(new) for (past, command) in CELLS for new in _tried(past, command).new}
    assert recorded == set(RecognitionCase.GUARDS)
    assert CELLS.keys() == set(product(PASTS, COMMANDS))
    assert {given(past).when(lambda _: None).state.status for past in PASTS} == set(CaseStatus)


def _tried(past, command):
    by = act(REGISTRY if command in BY_THE_REGISTRY else COLLEAGUE)
    return given(past).when(lambda case: COMMANDS[command](case, by))


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
    """Of all commands only reinstatement leads out of an ended case, and only out of a revoked one."""
    ended = {past for past in PASTS if given(past).when(lambda _: None).state.status in CLOSED}
    assert ended == {"rejected", "withdrawn", "revoked"}
    assert {cell for cell, result in CELLS.items() if cell[0] in ended and isinstance(result, CaseStatus)} == {
        ("revoked", "reinstate")
    }


def test_every_state_is_open_ended_or_approved():
    """The three kinds of state do not overlap and leave none out."""
    assert OPEN | CLOSED | {CaseStatus.APPROVED} == set(CaseStatus)
    assert not OPEN & CLOSED
