"""Whatever is submitted, decided, reviewed and erased in whatever order: never two titles on one certificate or one entry of a holder."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.commands import CertificateForm, EvidenceForm, PersonForm, Submission
from application.replay_audit import violations
from domain.case.case import RecognitionCase
from domain.case.events import Approved, Rejected, Withdrawn
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    NoticeGiven,
    ProposalAnswered,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.claim import CertificateClaim
from domain.entry_claim import EntryClaim
from domain.guards import Circumstances
from domain.refusals import Refused
from domain.values import Actor, Provenance, ReviewOutcome, Role, shanghai_day
from infrastructure.composition import Registry, open_registry
from infrastructure.settings import Settings

XIHU = "330106-EI"
NAMES = ("AWS Certified Solutions Architect - Professional", "Cloud architect")
BODIES = ("亚马逊", "Amazon Web Services", "AWS", "Some Institute", "")
ENTRIES = (58, 57)
FILE = EvidenceForm(sha256="ab" * 32, file_name="copy.pdf", media_type="application/pdf", size=9, kind="COPY")
APPLICANT = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
_worlds = count(1)


@pytest.fixture
def registry(database: Any, tmp_path: Path) -> Iterator[Registry]:
    """A registry whose clock moves a minute at each look."""
    ticks = count()
    settings_ = Settings(
        database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path, pool_min_size=1
    )
    with open_registry(
        settings_, lambda: datetime(2026, 11, 23, 2, tzinfo=UTC) + timedelta(minutes=next(ticks))
    ) as opened:
        yield opened


class World:
    """Few persons, few certificates, and every case that was made of them."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.name, self.cases = registry, next(_worlds), list[UUID]()
        self.refusals: Counter[str] = Counter()
        self.numbers: dict[UUID, int | None] = {}

    def submit(self, person: int, number: int | None, name: int, body: int, files: bool) -> None:
        """Somebody submits."""
        form = Submission(
            idempotency_key=f"{self.name}-{len(self.cases)}-{sum(self.refusals.values())}",
            holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P{self.name:05d}X{person}"),
            certificate=CertificateForm(
                name=NAMES[name],
                issuing_body=BODIES[body],
                certificate_number=None if number is None else f"W{self.name}N{number}",
            ),
            authority_code=XIHU,
            work_field="software",
            evidence=[FILE] if files else [],
        )
        self.cases.append(self.registry.cases.submit(APPLICANT, form).case_id)
        self.numbers[self.cases[-1]] = number

    def step(self, command: str, which: int, choice: int) -> None:
        """Somebody decides about one of the cases."""
        if self.cases:
            getattr(self, command)(self.cases[which % len(self.cases)], choice)

    def confirm(self, case: UUID, choice: int) -> None:
        """A reviewer matches by hand."""
        self.registry.cases.confirm_match(officer(choice % 3), case, ENTRIES[choice % 2], None, "read", None)

    def approve(self, case: UUID, choice: int) -> None:
        """A reviewer approves."""
        facts = {"work_consistent": True, "counted_experience_months": 0, "opinion": "seen"}
        self.registry.cases.decide(officer(choice % 3), case, Approved, **facts)

    def reject(self, case: UUID, _: int) -> None:
        """A reviewer rejects."""
        self.registry.cases.decide(officer(0), case, Rejected, reason="no")

    def withdraw(self, case: UUID, _: int) -> None:
        """The applicant withdraws."""
        self.registry.cases.decide(APPLICANT, case, Withdrawn, reason="no")

    def surrender(self, case: UUID, _: int) -> None:
        """The holder gives the title up."""
        self.registry.cases.decide(APPLICANT, case, Surrendered, reason="no")

    def revoke(self, case: UUID, _: int) -> None:
        """Two officers revoke for fraud."""
        self._end(case, RevocationProposed, Revoked)

    def annul(self, case: UUID, _: int) -> None:
        """Two officers annul."""
        self._end(case, AnnulmentProposed, Annulled)

    def _end(self, case: UUID, proposed: Any, confirmed: Any) -> None:
        decide = self.registry.cases.decide
        decide(officer(0), case, proposed, ground="g", findings="f")
        decide(officer(0), case, NoticeGiven, served_on=shanghai_day(self.registry.clock()))
        decide(APPLICANT, case, ProposalAnswered, statement="no", waive=True)
        decide(officer(1), case, confirmed)

    def reinstate(self, case: UUID, _: int) -> None:
        """Two others give the title back."""
        self.registry.cases.decide(officer(2), case, ReinstatementProposed, reason="r")
        self.registry.cases.decide(officer(3), case, Reinstated)

    def review(self, case: UUID, choice: int) -> None:
        """A review is recorded."""
        today = shanghai_day(self.registry.clock())
        facts = {"outcome": list(ReviewOutcome)[choice % 3], "decided_on": today, "reference": "1", "reason": "r"}
        self.registry.cases.decide(officer(4), case, ReviewRecorded, **facts)

    def erase(self, case: UUID, _: int) -> None:
        """The holder is erased, where the law allows it."""
        by = Provenance(actor=Actor(subject="privacy", role=Role.PRIVACY_OFFICER))
        self.registry.holder_files.erase(by, self.state(case).holder_ref, "PIPL article 47")

    def state(self, case: UUID) -> Any:
        """A case as it is."""
        found = self.registry.journal.load(RecognitionCase, case)
        assert found is not None
        return found.state

    def check(self) -> None:
        """No certificate, and no entry and grade of a holder, has two titles that stand."""
        standing = [state for state in map(self.state, self.cases) if state.title_stands]
        entries = Counter((each.holder_ref, each.awarded.entry_number, each.awarded.grade) for each in standing)
        numbers = (self.numbers[each.case_id] for each in standing)  # all entries here are of one body
        certificates = Counter(number for number in numbers if number is not None)
        assert max(entries.values(), default=1) == 1, entries
        assert max(certificates.values(), default=1) == 1, certificates

    def lawful(self) -> None:
        """Every history, the claims' too, is one that the rules allow."""
        registry = self.registry
        known = Circumstances(registry.authorities, registry.shelf, registry.rules)
        kinds: dict[UUID, Any] = dict.fromkeys(self.cases, RecognitionCase)
        claims = {state.claim_id for state in map(self.state, self.cases)} - {None}
        kinds |= dict.fromkeys(claims, CertificateClaim)
        for stream, kind in kinds.items():
            assert violations(kind, registry.journal.events_of(stream), known) == []


def officer(number: int) -> Provenance:
    """One of the officers."""
    return Provenance(actor=Actor(subject=f"officer-{number}", role=Role.REVIEWER, authority_code=XIHU))


SUBMIT = st.tuples(
    st.just("submit"),
    st.integers(0, 2),
    st.sampled_from([1, 1, 1, 2, None]),
    st.integers(0, 1),
    st.integers(0, len(BODIES) - 1),
    st.sampled_from([True, True, False]),
)
COMMANDS = (
    "confirm",
    "approve",
    "approve",
    "reject",
    "withdraw",
    "surrender",
    "revoke",
    "annul",
    "reinstate",
    "review",
    "erase",
)
STEP = st.tuples(st.sampled_from(COMMANDS), st.integers(0, 5), st.integers(0, 5))


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(st.one_of(SUBMIT, STEP, STEP), min_size=4, max_size=30))
def test_never_two_titles_on_one_certificate_or_one_entry_of_a_holder(registry: Registry, acts: list[Any]) -> None:
    """After every act, allowed or refused; and every history that came of it is lawful."""
    world = World(registry)
    for name, *arguments in acts:
        try:
            world.submit(*arguments) if name == "submit" else world.step(name, *arguments)
        except Refused as refused:
            world.refusals[refused.code.value] += 1
        world.check()
    world.lawful()


def test_the_worlds_get_somewhere(registry: Registry) -> None:
    """The acts above lead to titles, contests and each of the refusals that keep titles apart, or the test says nothing."""
    world = World(registry)
    for person in (0, 1):
        world.submit(person, 1, 0, 0, True)
    world.step("approve", 0, 0)
    assert [world.state(case).status.value for case in world.cases] == ["APPROVED", "REJECTED"]
    world.submit(1, 1, 0, 0, True)
    for act in (
        lambda: world.step("approve", 2, 0),
        lambda: world.submit(0, 2, 0, 0, True),
        lambda: world.submit(2, 1, 0, 0, False),
    ):
        with pytest.raises(Refused) as refused:
            act()
        world.refusals[refused.value.code.value] += 1
    assert set(world.refusals) == {"CERTIFICATE_HOLDS_TITLE", "ENTRY_ALREADY_CLAIMED", "CERTIFICATE_ALREADY_CLAIMED"}
    world.check()
    world.lawful()
    assert EntryClaim.GUARDS
    with contextlib.suppress(Refused):
        world.step("erase", 2, 0)
    world.check()
