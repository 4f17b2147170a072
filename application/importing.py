"""Bringing in decisions of before the registry: a signed file, row by row, folded in batches and appended many at a time.

Each row is a save of its own: taken in whole or refused with its reason, whatever becomes of the others. A batch is prepared while the
one before it is stored. A row about a person, certificate or entry that an earlier row of either is about waits for the next batch,
since what it may claim follows from what becomes of that row. An import that was broken off goes on where it stopped: a row's case has
an identifier that follows from the file and the row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any, Final, Protocol, Self
from uuid import UUID, uuid4

from application.access import Action, require
from application.catalogs import Shelf
from application.claims import Claims
from application.commands import CertificateForm, PersonForm
from application.journal import Conflict, Journal, Prepared
from application.ports import Clock, Holders
from domain.base import Act, Aggregate
from domain.case.case import RecognitionCase
from domain.case.imported import Imported
from domain.decision_import import DecisionImport, waived_rules
from domain.guards import Circumstances
from domain.holder import Holder
from domain.identifiers import case_number, decision_import_id, holder_stream, imported_case_id
from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean, clean_code, clean_optional
from domain.values import Certificate, Person, Provenance, shanghai_day

AT_ONCE: Final = 500
"""Rows that are stored in one transaction: what an interruption costs at most, and what a transaction is worth."""
ATTEMPTS: Final = 3
"""How often a row is tried before which somebody else recorded something about its person, certificate or entry."""
_DAY: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")
_YES: Final = frozenset({"yes", "y", "true", "1", "是", "一致"})
_NO: Final = frozenset({"no", "n", "false", "0", "否", "不一致"})
_RECOGNISED: Final = frozenset({"", "approved", "recognised", "recognized", "通过", "认定通过", "同意", "予以认定"})


class ListedDecision(Protocol):
    """A decision as a file lists it: its row as a reader counts, its cells by column, and what could not be read of them."""

    @property
    def row(self) -> int:
        """Its place in the file."""

    @property
    def cells(self) -> Mapping[str, str]:
        """What stands in each column, by the column's name (``COLUMNS``)."""

    @property
    def problems(self) -> tuple[Message, ...]:
        """What of it could not be read; then nothing is decided by the rest alone."""


COLUMNS: Final = (
    "name", "id_type", "id_number", "certificate", "issuer", "certificate_number", "certificate_grade", "issued_on", "expires_on",
    "authority", "work_field", "catalog", "version", "entry", "grade", "submitted_on", "decided_on", "work_consistent", "months",
    "reference", "decision",
)  # fmt: skip
"""The columns of a file of decisions. May be left out: the kind of the number (a resident's), what a certificate need not show, the
catalog (the province's), its version (the one in force on the day of submission), what article 3 was decided to (consistent, no
months), the reference, and the decision, which is a recognition.
"""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row: the number of its case, or why it was refused; ``already`` where an earlier run brought it in."""

    row: int
    case_number: str | None = None
    refused: Message | None = None
    code: RefusalCode | None = None
    already: bool = False


@dataclass(frozen=True, slots=True)
class _Decision:
    """A row cleaned once; ``holder`` bears a new reference until it is known whether the person is."""

    row: int
    case_id: UUID
    holder: Person
    certificate: Certificate
    facts: dict[str, Any]

    @property
    def identity(self) -> tuple[str, str]:
        """The kind and the number by which the person is known."""
        return self.holder.id_type or "", self.holder.id_number or ""

    def about(self, ref: UUID | None) -> Self:
        """The same of a holder who is known, where one is."""
        return self if ref is None else replace(self, holder=self.holder.model_copy(update={"ref": ref}))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row that may be stored, and what it comes to where it is."""

    listed: ListedDecision
    outcome: RowOutcome
    save: Prepared


@dataclass(frozen=True, slots=True)
class _Stored:
    """What became of a batch; others were before what is ``overtaken``, which may be tried anew."""

    outcomes: Sequence[RowOutcome]
    overtaken: Sequence[ListedDecision]


@dataclass
class _Rehearsal:
    """What the rows of a rehearsal come to so far: the persons, by what they are known by, and the streams."""

    refs: dict[tuple[str, str], UUID] = field(default_factory=dict)
    streams: dict[UUID, Aggregate] = field(default_factory=dict)

    def take_in(self, decision: _Decision, streams: Sequence[Aggregate]) -> Prepared:
        """Remember a row in place of storing it."""
        self.refs[decision.identity] = decision.holder.ref
        self.streams |= {each.id: each for each in streams}
        return Prepared(())


@dataclass
class _Batch:
    """Rows on their way into the store together, and what they are about; ``left`` wait for the next batch."""

    rows: list[_Ready] = field(default_factory=list)
    done: list[RowOutcome] = field(default_factory=list)
    left: list[ListedDecision] = field(default_factory=list)
    about: set[object] = field(default_factory=set)
    keys: ExitStack = field(default_factory=ExitStack)


class Imports:
    """Signing files of earlier decisions, and bringing them in."""

    def __init__(
        self, journal: Journal, shelf: Shelf, holders: Holders, claims: Claims, known: Circumstances, clock: Clock
    ) -> None:
        self._journal, self._shelf, self._holders, self._claims = journal, shelf, holders, claims
        self._known, self._clock = known, clock

    def sign(self, by: Provenance, sha256: str, rows: int) -> int:
        """Sign the file with this digest, of so many rows, for another administrator to bring in; the position. Raises ``Refused``."""
        require(by.actor, Action.IMPORT_DECISIONS)
        stream = decision_import_id(sha256)
        signed = DecisionImport.begin(
            DecisionImport.Signed, Act(by, self._clock()), stream, sha256=sha256, rows=rows, waived=waived_rules()
        )
        try:
            return self._journal.record(signed)
        except Conflict:
            raise Refused(RefusalCode.WRONG_STATE, tell("import.signed_already")) from None

    def begin(self, by: Provenance, sha256: str) -> DecisionImport:
        """Begin the import of a signed file, or go on with it. Raises ``Refused`` where it is not signed, or is finished."""
        require(by.actor, Action.IMPORT_DECISIONS)
        found = self._signed(sha256)
        if found.state.finished:
            raise Refused(RefusalCode.WRONG_STATE, tell("import.under_way"))
        if not found.state.begun:
            found.decide(DecisionImport.Begun, Act(by, self._clock()))
            self._journal.record(found)
        return found

    def finish(self, by: Provenance, sha256: str, imported: int, refused: int) -> int:
        """Record that every row was taken in or refused; the position. Raises ``Refused``."""
        found = self._signed(sha256)
        found.decide(DecisionImport.Finished, Act(by, self._clock()), imported=imported, refused=refused)
        return self._journal.record(found)

    def _signed(self, sha256: str) -> DecisionImport:
        found = self._journal.load(DecisionImport, decision_import_id(sha256))
        if found is None:
            raise Refused(RefusalCode.WRONG_STATE, tell("import.unsigned"))
        return found

    def take_in(self, by: Provenance, begun: DecisionImport, rows: Iterable[ListedDecision]) -> Iterator[RowOutcome]:
        """Bring in the rows of a file whose import has begun; what became of each, a batch at a time.

        Raises whatever keeps the store from storing; what was told until then is stored.
        """
        left, waiting = iter(rows), list[ListedDecision]()
        stored: Future[_Stored] | None = None
        busy: set[object] = set()
        tried: Counter[int] = Counter()
        with ThreadPoolExecutor(1, "import") as storing:
            while (taken := [*waiting, *islice(left, AT_ONCE - len(waiting))]) or stored is not None:
                batch = self._prepared(Act(by, self._clock()), begun.id, begun.state.signed_by, taken, busy)
                waiting = batch.left
                if stored is not None:
                    earlier = stored.result()
                    yield from earlier.outcomes
                    tried.update(each.row for each in earlier.overtaken)
                    waiting += [each for each in earlier.overtaken if tried[each.row] < ATTEMPTS]
                    yield from (_overtaken(each) for each in earlier.overtaken if tried[each.row] >= ATTEMPTS)
                stored = storing.submit(self._store, batch) if batch.rows or batch.done else None
                busy = batch.about

    def examine(self, by: Provenance, sha256: str, rows: Iterable[ListedDecision]) -> Iterator[RowOutcome]:
        """What would become of each row, as far as the store and the rows before it tell now; nothing is recorded. Raises ``Refused``."""
        require(by.actor, Action.IMPORT_DECISIONS)
        left, waiting, begun = iter(rows), list[ListedDecision](), decision_import_id(sha256)
        rehearsal = _Rehearsal()
        while found := [*waiting, *islice(left, AT_ONCE - len(waiting))]:
            batch = self._prepared(Act(by, self._clock()), begun, "", found, set(), rehearsal)
            yield from batch.done
            yield from (each.outcome for each in batch.rows)
            waiting = batch.left

    # ── one batch ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _store(self, batch: _Batch) -> _Stored:
        with batch.keys:
            stored = self._journal.record_together([each.save for each in batch.rows])
        done = [each.outcome for each, took in zip(batch.rows, stored, strict=True) if took]
        left = [each.listed for each, took in zip(batch.rows, stored, strict=True) if not took]
        return _Stored([*batch.done, *done], left)

    def _prepared(
        self,
        act: Act,
        begun: UUID,
        signed_by: str,
        taken: Sequence[ListedDecision],
        busy: set[object],
        rehearsal: _Rehearsal | None = None,
    ) -> _Batch:
        """Everything that a batch stores, but for the storing; nobody's rows are about what is ``busy``. Of a rehearsal nothing is
        sealed, and what it comes to is remembered in place of being stored.
        """
        batch = _Batch()
        self._shelf.codes()
        with self._shelf.steady():
            decisions = self._cleaned(act, begun, signed_by, taken, busy, batch)
            refs = {**self._holders.find_all({each.identity for _, each in decisions})}
            if rehearsal is not None:
                refs = {**rehearsal.refs, **refs}
            cases = self._cases(
                act, [(listed, each.about(refs.get(each.identity))) for listed, each in decisions], batch
            )
            claiming = {case.id: self._claims.of_title(case.state) for _, _, case in cases}
            found = self._found(claiming.values(), set(refs.values()) if rehearsal is None else set())
            if rehearsal is not None:
                found |= rehearsal.streams
            for listed, each, case in cases:
                claims = claiming[case.id]
                about = {each.identity, *claims}
                if not (about.isdisjoint(busy) and about.isdisjoint(batch.about)):
                    batch.left.append(listed)
                    continue
                batch.about |= about
                is_known = each.identity in refs
                try:
                    self._require_processable(found.get(holder_stream(case.state.holder_ref)))
                    mine = {stream: found[stream] for stream in claims if stream in found}
                    streams = [case, *self._claims.imported(act, case, mine)]
                    if rehearsal is None:
                        number = each.certificate.certificate_number
                        entering = self._holders.entering(each.holder, case.id, number, known=is_known)
                        save = self._journal.prepared(streams, batch.keys.enter_context(entering))
                    else:
                        save = rehearsal.take_in(each, streams)
                except Refused as refused:
                    batch.done.append(_refused(each.row, refused))
                    continue
                batch.rows.append(_Ready(listed, RowOutcome(each.row, case.state.case_number), save))
        return batch

    def _cleaned(
        self,
        act: Act,
        begun: UUID,
        signed_by: str,
        taken: Sequence[ListedDecision],
        busy: set[object],
        batch: _Batch,
    ) -> list[tuple[ListedDecision, _Decision]]:
        there = self._journal.which_exist([imported_case_id(begun, each.row) for each in taken])
        found: list[tuple[ListedDecision, _Decision]] = []
        for listed in taken:
            stream = imported_case_id(begun, listed.row)
            try:
                decision = self._decision(listed, stream, begun, signed_by, act)
            except Refused as refused:
                batch.done.append(_refused(listed.row, refused))
                continue
            if stream in there:
                number = case_number(stream, decision.facts["submitted_on"], self._known.rules.case_prefix)
                batch.done.append(RowOutcome(listed.row, number, already=True))
            elif decision.identity in busy:  # whether the person is known is seen when that row is stored
                batch.left.append(listed)
            else:
                found.append((listed, decision))
        return found

    def _cases(
        self, act: Act, decisions: Sequence[tuple[ListedDecision, _Decision]], batch: _Batch
    ) -> list[tuple[ListedDecision, _Decision, RecognitionCase]]:
        cases: list[tuple[ListedDecision, _Decision, RecognitionCase]] = []
        for listed, each in decisions:
            facts = {
                **each.facts,
                "holder": each.holder,
                "holder_ref": each.holder.ref,
                "certificate": each.certificate,
            }
            try:
                cases.append((listed, each, RecognitionCase.begin(Imported, act, each.case_id, self._known, **facts)))
            except Refused as refused:
                batch.done.append(_refused(each.row, refused))
        return cases

    def _found(self, claiming: Iterable[Mapping[UUID, type[Aggregate]]], known: set[UUID]) -> dict[UUID, Any]:
        """The streams that the cases claim, and those of their holders; the keys of who is known are at hand afterwards."""
        streams: dict[UUID, Any] = {holder_stream(ref): Holder for ref in known}
        for each in claiming:
            streams |= each
        self._holders.warm(known)
        return self._journal.load_all(streams)

    def _require_processable(self, holder: Holder | None) -> None:
        if holder is not None:
            holder.state.require_processable()

    # ── one row ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _decision(self, listed: ListedDecision, stream: UUID, begun: UUID, signed_by: str, act: Act) -> _Decision:
        if listed.problems:
            raise _invalid(tell("import.cell_unreadable", problem=tuple(listed.problems)), "row")
        cells, rules = listed.cells, self._known.rules

        def text(name: str) -> str:
            return (cells.get(name) or "").strip()

        if text("decision").casefold() not in _RECOGNISED:
            raise _invalid(tell("import.not_recognised"), "decision")
        submitted, decided = _day(text("submitted_on"), "submitted_on"), _day(text("decided_on"), "decided_on")
        person = PersonForm(
            name=text("name"), id_type=text("id_type") or "RESIDENT_ID", id_number=text("id_number")
        ).cleaned(uuid4(), shanghai_day(act.at))
        certificate = CertificateForm(
            name=text("certificate"),
            issuing_body=text("issuer"),
            grade=text("certificate_grade") or None,
            certificate_number=text("certificate_number") or None,
            issued_on=_day(text("issued_on"), "issued_on") if text("issued_on") else None,
            expires_on=_day(text("expires_on"), "expires_on") if text("expires_on") else None,
        ).cleaned()
        code = clean_code(text("catalog"), "catalog") if text("catalog") else rules.catalog_code
        version = self._version(code, text("version"), submitted)
        entry = _number(text("entry"), "entry")
        listed_there = self._shelf.entry_at(code, version, entry) is not None
        facts: dict[str, Any] = {
            "case_number": case_number(stream, submitted, rules.case_prefix),
            "authority_code": clean_code(text("authority"), "authority"),
            "work_field": clean(text("work_field"), "work_field"),
            "catalog_code": code,
            "catalog_version": version,
            "entry_number": entry,
            "grade": clean_optional(text("grade"), "grade", limit=CODE_LIMIT),
            "submitted_on": submitted,
            "decided_on": decided,
            "work_consistent": _yes(text("work_consistent") or "yes", "work_consistent"),
            "counted_experience_months": _number(text("months") or "0", "months"),
            "reference": clean_optional(text("reference"), "reference"),
            "claim_id": self._claims.certificate_stream(certificate, code, entry) if listed_there else None,
            "import_id": begun,
            "row": listed.row,
            "signed_by": signed_by,
        }
        return _Decision(listed.row, stream, person, certificate, facts)

    def _version(self, code: str, stated: str, submitted: date) -> int:
        """The version that governed the decision, which is the one in force on the day of submission. Raises ``Refused``."""
        [governing] = self._shelf.governing(submitted, code)
        if stated and (named := _number(stated, "version")) != governing.number:
            said = tell("case.under_governing_version", governing=governing.number, named=named)
            raise Refused(RefusalCode.OTHER_VERSION, said, "version")
        return governing.number


def _overtaken(listed: ListedDecision) -> RowOutcome:
    return RowOutcome(listed.row, refused=tell("import.store_refused"), code=RefusalCode.STALE_VERSION)


def _refused(row: int, refused: Refused) -> RowOutcome:
    return RowOutcome(row, refused=refused.said, code=refused.code)


def _day(text: str, name: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise _invalid(tell("import.not_a_day", field=name), name)


def _number(text: str, name: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 6:
        return int(text)
    raise _invalid(tell("import.not_a_number", field=name), name)


def _yes(text: str, name: str) -> bool:
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    raise _invalid(tell("import.not_yes_or_no", field=name), name)


def _invalid(said: Message, name: str) -> Refused:
    return Refused(RefusalCode.INVALID_INPUT, said, name)
