"""What a command refuses and what the re-check finds are one: over random sequences of commands through the use cases.

What was accepted has no finding. What was refused, put into the history all the same by whoever owns the store, has one that names the
rule for which it was refused. Where a role or a scope already forbids an act, the guards behind them forbid it too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from application.cases import Cases
from application.commands import CertificateForm, EvidenceForm, ExperienceForm, PersonForm, Submission
from application.journal import Journal
from application.replay_audit import violations
from domain import base
from domain.base import Event
from domain.case.case import RecognitionCase
from domain.case.events import (
    Approved,
    Rejected,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    NoticeGiven,
    ProposalAnswered,
    ProposalDeclined,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.catalog.amendment import AmendmentTerms, EntryChange
from domain.guards import Attempt, Circumstances, Guards, breaches
from domain.identifiers import catalog_id
from domain.refusals import RefusalCode, Refused
from domain.streams import AGGREGATES
from domain.values import (
    Actor,
    EntryChangeKind,
    Notice,
    Provenance,
    ReviewOutcome,
    Role,
    shanghai_day,
)
from infrastructure.audit.check import check_all
from infrastructure.composition import Registry, open_registry
from infrastructure.settings import Settings

CODE: Final = "zj-2023-digital-equipment-materials"
ACTS: Final = 200
RULES: Final = {rule.name for kind in AGGREGATES for rules in kind.GUARDS.values() for rule in rules}
KINDS: Final = {event: kind for kind in AGGREGATES for event in kind.GUARDS}
COUNTY, HR, CITY, FOREIGN = "330106-EI", "330106-HR", "330100-EI", "330200-EI"
OF_PERSONS: Final = {
    RefusalCode.HOLDER_ERASED,
    RefusalCode.HOLDER_RESTRICTED,
    RefusalCode.RETENTION_REQUIRED,
    RefusalCode.UNKNOWN_HOLDER,
}
"""Refusals about what is kept of a person, which is no rule of a case's history."""
OF_INPUT: Final = {RefusalCode.UNKNOWN_AMENDMENT, RefusalCode.NO_VERSION_IN_FORCE}
"""Refusals of what names nothing, before there is an event to guard."""


def person(subject: str, role: Role, authority: str | None = None) -> Provenance:
    """Somebody who acts."""
    return Provenance(actor=Actor(subject=subject, role=role, authority_code=authority))


APPLICANTS: Final = tuple(person(f"applicant-{n}", Role.APPLICANT) for n in range(2))
OFFICERS: Final = (
    *(person(f"officer-{n}", Role.REVIEWER, COUNTY) for n in range(4)),
    person("hr", Role.REVIEWER, HR),
    person("city", Role.REVIEWER, CITY),
)
OTHERS: Final = (
    person("foreign", Role.REVIEWER, FOREIGN),
    person("nowhere", Role.REVIEWER),
    person("auditor", Role.AUDITOR),
    person("administrator-0", Role.ADMINISTRATOR),
    person("verifier", Role.VERIFIER),
    person("privacy", Role.PRIVACY_OFFICER),
)
ADMINISTRATORS: Final = tuple(person(f"administrator-{n}", Role.ADMINISTRATOR) for n in range(3))
EVERYBODY: Final = (*APPLICANTS, *OFFICERS, *OFFICERS, *OTHERS)
THEIRS: Final = {"withdraw", "supplement", "answer", "surrender"}
"""What whoever submitted a case does to it."""
NAMES: Final = (
    ("AWS Certified Solutions Architect - Professional", "亚马逊"),
    ("AWS Certified Solutions Architect - Associate", "Amazon Web Services"),
    ("Cloud architect", "Some Institute"),
)
FILE: Final = EvidenceForm(sha256="ab" * 32, file_name="copy.pdf", media_type="application/pdf", size=9, kind="COPY")


class Clock:
    """Goes on a second at each look, and as far as it is told."""

    def __init__(self) -> None:
        self.now = datetime(2023, 10, 30, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Tried:
    """The events of one act in the order in which they were guarded, and the guards that the last of them does not keep."""

    passed: list[Event] = field(default_factory=list)
    refused: Event | None = None
    rules: list[str] = field(default_factory=list)


@dataclass
class World:
    """Few persons, few certificates, all commands by all people, and what was tried."""

    registry: Registry
    clock: Clock
    random: Random
    cases: list[UUID] = field(default_factory=list)
    amendments: list[UUID] = field(default_factory=list)
    tried: Tried = field(default_factory=Tried)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    erased: set[UUID] = field(default_factory=set)
    candidates: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def known(self) -> Circumstances:
        """What guards ask about."""
        return Circumstances(self.registry.authorities, self.registry.shelf, self.registry.rules)

    def guarding(self, guards: Guards, attempt: Attempt) -> None:
        """As ``domain.guards.require``, remembering."""
        found = [(each.guard.name, each.refusal) for each in breaches(guards, attempt)]
        if found:
            self.tried.refused, self.tried.rules = attempt.event, [name for name, _ in found]
            raise found[0][1]
        self.tried.passed.append(attempt.event)

    # ── what is tried ─────────────────────────────────────────────────────────────────────────────────────────────
    def submit(self, by: Provenance) -> None:
        """Somebody submits, of any person, on any certificate, sound or not."""
        pick = self.random.choice
        today = shanghai_day(self.clock.now)
        name, body = pick(NAMES)
        form = Submission(
            idempotency_key=str(uuid4()),
            holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P000{pick([1, 2, 3])}000"),
            certificate=CertificateForm(
                name=name,
                issuing_body=body,
                certificate_number=pick([None, "N1", "N2", f"N{len(self.cases)}", f"N{len(self.cases)}"]),
                issued_on=pick([None, None, today - timedelta(days=400), today + timedelta(days=1)]),
                expires_on=pick([None, None, None, today + timedelta(days=9), today - timedelta(days=1)]),
            ),
            authority_code=pick([COUNTY, COUNTY, COUNTY, HR, CITY, "999999-XX"]),
            work_field="software",
            experience=[
                ExperienceForm(
                    employer="E",
                    start=date(2020, 1, 1),
                    end=pick([date(2022, 1, 1), today + timedelta(days=9)]),
                    field="f",
                )
                for _ in range(pick([0, 1]))
            ],
            evidence=pick([[FILE], [FILE], []]),
        )
        self.cases.append(self.registry.cases.submit(by, form).case_id)

    def confirm_match(self, by: Provenance, case: UUID) -> None:
        """A match by hand, to an entry that is there or not."""
        entry, grade = self.random.choice(
            [(58, None), (57, None), (88, "1级"), (88, "9级"), (88, None), (58, "1级"), (900, None)]
        )
        self.registry.cases.confirm_match(by, case, entry, grade, "read", None)

    def of(self, kind: Any, **facts: Callable[[], Any]) -> Callable[[Provenance, UUID], None]:
        """A command that records an event of this kind."""

        def command(by: Provenance, case: UUID) -> None:
            self.registry.cases.decide(by, case, kind, **{name: value() for name, value in facts.items()})

        return command

    def commands(self) -> dict[str, Callable[[Provenance, UUID], None]]:
        """All that may be done to a case."""
        pick = self.random.choice

        def today() -> date:
            return shanghai_day(self.clock.now)

        def around() -> date:
            return today() + timedelta(days=pick([0, 0, 0, 0, -1, -400, 1]))

        consistent: dict[str, Callable[[], Any]] = {
            "work_consistent": lambda: pick([True, True, False]),
            "counted_experience_months": lambda: pick([0, 0, 0, 12, 700]),
        }
        ground: dict[str, Callable[[], Any]] = {"ground": lambda: "forged", "findings": lambda: "denied"}
        reason: dict[str, Callable[[], Any]] = {"reason": lambda: "why"}
        return {
            "confirm_match": self.confirm_match,
            "approve": self.of(Approved, **consistent, opinion=lambda: pick(["seen", "seen", None])),
            "reject": self.of(Rejected, **reason),
            "withdraw": self.of(Withdrawn, **reason),
            "request": self.of(SupplementRequested, **reason),
            "supplement": self.of(Supplemented, evidence=lambda: pick([[FILE], []])),
            "transfer": self.of(Transferred, authority_code=lambda: pick([COUNTY, HR, CITY, "999999-XX"]), **reason),
            "propose_revocation": self.of(RevocationProposed, **ground),
            "propose_annulment": self.of(AnnulmentProposed, **ground),
            "notice": self.of(NoticeGiven, served_on=around),
            "answer": self.of(
                ProposalAnswered, statement=lambda: pick(["no", None]), waive=lambda: pick([True, False])
            ),
            "decline": self.of(ProposalDeclined, **reason),
            "revoke": self.of(Revoked),
            "annul": self.of(Annulled),
            "surrender": self.of(Surrendered, **reason),
            "propose_reinstatement": self.of(ReinstatementProposed, **reason),
            "reinstate": self.of(Reinstated),
            "reassess": self.of(Reassessed, **consistent, evidence=lambda: [FILE], effective_on=around, **reason),
            "review": self.of(
                ReviewRecorded,
                outcome=lambda: pick(list(ReviewOutcome)),
                decided_on=around,
                reference=lambda: "浙复1号",
                **reason,
            ),
        }

    def erase(self, by: Provenance, case: UUID) -> None:
        """The holder's data is erased, restricted or processed again."""
        found = self.registry.journal.load(RecognitionCase, case)
        assert found is not None
        files, ref = self.registry.holder_files, found.state.holder_ref
        act = self.random.choice([files.erase, files.restrict, files.lift_restriction, files.lift_restriction])
        act(by, ref, "PIPL article 47")
        self.erased |= {ref} if act == files.erase else set()

    def amend(self, by: Provenance) -> None:
        """An amendment is proposed, issued or discarded, sound or not."""
        shelf, catalogs, pick = self.registry.shelf, self.registry.catalogs, self.random.choice
        what = pick(["propose", "propose", "issue", "issue", "discard"])
        if what != "propose" and not self.amendments:
            return
        if what == "issue":
            catalogs.issue(by, catalog_id(CODE), pick(self.amendments))
            for _ in self.registry.rematching.run():
                pass
        elif what == "discard":
            catalogs.discard(by, catalog_id(CODE), pick(self.amendments), "dropped")
        else:
            latest = shelf.catalog(CODE).latest.number
            entry = shelf.entry_at(CODE, latest, 58)
            assert entry is not None
            revised = entry.model_copy(update={"translated_name": f"改{len(self.amendments)}"})
            change = EntryChange(kind=EntryChangeKind.REVISED, number=58, entry=revised, reason="why")
            terms = AmendmentTerms(
                base_version=latest - pick([0, 0, 0, 1]) or 1,
                notice=Notice(number=None, title="通知"),
                effective_from=shanghai_day(self.clock.now) + timedelta(days=pick([0, 0, 3, -1])),
                erratum=False,
                rematch_pending=pick([True, False]),
                changes=pick([(change,), (change,), ()]),
            )
            self.amendments.append(catalogs.propose(by, CODE, terms)[0])

    # ── what is held ──────────────────────────────────────────────────────────────────────────────────────────────
    def step(self) -> None:
        """One act of somebody, live; what it is refused for is what the re-check says."""
        self.clock.now += timedelta(hours=self.random.choice([0, 1, 1, 5, 20, 24 * 4, 24 * 9]))
        act, what = self._chosen()
        self.tried = Tried()
        try:
            act()
        except Refused as refusal:
            self._refused(act, what, refusal)
        else:
            self.accepted[what] += 1

    def _chosen(self) -> tuple[Callable[[], None], str]:
        pick = self.random.choice
        what = pick(["submit"] * 3 + ["amend"] + ["case"] * 16 + ["erase"])
        recent = self.cases[-6:]
        if what == "amend":
            by = pick((*ADMINISTRATORS, *ADMINISTRATORS, *OTHERS))
            return self._again(lambda: self.amend(by)), what
        if what == "submit" or not recent:
            by = pick((*APPLICANTS, *APPLICANTS, *APPLICANTS, OFFICERS[0], *OTHERS))
            return self._again(lambda: self.submit(by)), "submit"
        case = pick(recent)
        if what == "erase":
            by = pick((OTHERS[-1], OTHERS[-1], *OTHERS))
            return self._again(lambda: self.erase(by, case)), what
        commands = self.commands()
        name = pick(self._likely(case, list(commands)))
        by = pick((*(APPLICANTS if name in THEIRS else OFFICERS[:4]) * 5, *EVERYBODY))
        return self._again(lambda: commands[name](by, case)), name

    def _likely(self, case: UUID, names: list[str]) -> list[str]:
        """Any command, those more often that lead a case of this state somewhere."""
        found = self.registry.journal.load(RecognitionCase, case)
        assert found is not None
        if found.state.proposal is not None:
            return names + ["notice", "answer", "answer", "revoke", "annul", "reinstate", "decline"] * 3
        if found.state.title_stands:
            return names + ["propose_revocation", "propose_annulment", "reassess", "review"] * 4
        return names + ["confirm_match", "approve", "approve", "propose_reinstatement"] * 4

    def _again(self, act: Callable[[], None]) -> Callable[[], None]:
        """An act that makes the same choices each time."""
        state = self.random.getstate()

        def same() -> None:
            self.random.setstate(state)
            act()

        return same

    def _refused(self, act: Callable[[], None], what: str, refusal: Refused) -> None:
        self.refused[refusal.code.value] += 1
        if self.tried.refused is None and refusal.code in {RefusalCode.NOT_PERMITTED, RefusalCode.UNKNOWN_CASE}:
            again = self._without_gates(act, what)
            if again is None:
                return
            refusal = again
        if self.tried.refused is None:
            assert refusal.code in OF_PERSONS | OF_INPUT, (what, refusal)
            self.apart[refusal.code.value] += 1
            return
        self._found(self.tried.refused, self.tried.rules[0])

    def _without_gates(self, act: Callable[[], None], what: str) -> Refused | None:
        """What the same act is refused for where roles and scopes are not asked; None where it brings nothing about."""
        self.tried = Tried()
        try:
            with gates_open():
                act()
        except Refused as refused:
            return refused
        except _Recorded:
            pytest.fail(f"no guard refuses {what}: {self.tried.passed}")
        return None

    def _found(self, event: Event, rule: str) -> None:
        """The refused event in its place in the history is found, under the rule that refused it, and nothing before it is."""
        stream, kind = event.originator_id, KINDS[type(event)]
        stored = list(self.registry.journal.events_of(stream))
        pending = {each.originator_version: each for each in self.tried.passed if each.originator_id == stream}
        more = [each for version, each in sorted(pending.items()) if len(stored) < version < event.originator_version]
        found = violations(kind, [*stored, *more, event], self.known)
        assert {each.version for each in found} == {event.originator_version}, (event, found)
        assert rule in {each.rule for each in found}, (event, rule, found)
        if stored and not more and kind is RecognitionCase:
            self.candidates.append((rule, event))

    def force(self) -> dict[str, tuple[UUID, int]]:
        """Put into the store, for each rule, an event that it refused and that still follows on its stream; one a stream."""
        journal, forced, spoilt = self.registry.journal, dict[str, tuple[UUID, int]](), set[UUID]()
        for rule, event in reversed(self.candidates):
            stream, version = event.originator_id, event.originator_version
            following = len(list(journal.events_of(stream))) + 1 == version
            if following and rule not in forced and stream not in spoilt and event.holder_ref not in self.erased:
                journal.recorder.insert_events([self.registry.mapper.to_stored_event(event)])
                forced[rule] = (stream, version)
                spoilt.add(stream)
        return forced


class _Recorded(Exception):
    """An act came as far as the store."""


@contextmanager
def gates_open() -> Iterator[None]:
    """Roles and scopes are not asked, and nothing is stored."""

    def stored(*_: Any, **__: Any) -> None:
        raise _Recorded

    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for module in ("cases", "catalogs", "holders"):
            patch.setattr(f"application.{module}.require", lambda *_: None)
        patch.setattr(Cases, "may_see", lambda *_: True)
        patch.setattr(Journal, "record_each", stored)
        yield


@contextmanager
def opened(database: Any, folder: Path, clock: Clock) -> Iterator[Registry]:
    """A registry at work, without its processes."""
    settings = Settings(
        database_url=database.app_url, database_owner_url=database.owner_url, data_dir=folder, pool_min_size=1
    )
    with open_registry(settings, clock) as registry:
        yield registry


def test_what_is_refused_is_found_and_what_is_accepted_is_not(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred acts of applicants, officers, administrators and strangers over months, each judged twice; at the end the audit of the
    whole database says nothing, and, once refused events are forced into it, finds each under its rule.
    """
    clock = Clock()
    with opened(database, tmp_path, clock) as registry:
        world = World(registry, clock, Random(1))
        monkeypatch.setattr(base, "require", world.guarding)
        for _ in range(ACTS):
            world.step()
        monkeypatch.undo()
        findings = check_all(registry.audited).findings
        assert [each for each in findings if each.rule in RULES] == [], findings
        forced = world.force()
        found: defaultdict[UUID | None, set[tuple[int | None, str]]] = defaultdict(set)
        for each in check_all(registry.audited).findings:
            found[each.stream_id].add((each.version, each.rule))
    for rule, (stream, version) in forced.items():
        assert (version, rule) in found[stream], (rule, found[stream])
    assert len(world.accepted) > 10, world.accepted
    assert len(world.refused) > 18, world.refused
    assert len(forced) > 3, forced
