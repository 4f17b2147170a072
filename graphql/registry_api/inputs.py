"""Input objects: the application's own forms under the contract's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

import strawberry

from application.catalog_proposals import catalog_terms
from application.catalogs import clean_notice
from application.commands import CertificateForm, EvidenceForm, ExperienceForm, PersonForm, Submission
from application.questions import CaseFilter, TitleFilter
from domain.catalog.amendment import AliasChange, AmendmentTerms, EntryChange, WordChange
from domain.catalog.proposal import CatalogTerms
from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, NAME_LIMIT, PROSE_LIMIT, clean, clean_optional
from domain.values import (
    Alias,
    AliasChangeKind,
    AliasKind,
    CatalogEntry,
    EntryChangeKind,
    Notice,
    TitleAward,
    TitleLevel,
    Word,
    WordKind,
)
from registry_api.scalars import Position
from registry_api.types.nodes import described

T = TypeVar("T")


class Faults:
    """Everything that is malformed in an input, gathered so that its sender sees it at once."""

    def __init__(self) -> None:
        self.refusals: list[Refused] = []

    def attempt(self, work: Callable[[], T], otherwise: T) -> T:
        """What ``work`` answers; ``otherwise`` where it refuses, and the refusal is kept."""
        try:
            return work()
        except Refused as refused:
            self.refusals.append(refused)
            return otherwise

    def add(self, field: str, said: Message) -> None:
        """One more fault of a field."""
        self.refusals.append(Refused(RefusalCode.INVALID_INPUT, said, field))


CertificateInput = CertificateForm
strawberry.input(CertificateInput, name="CertificateInput", description=described(CertificateInput))
PersonInput = PersonForm
strawberry.input(PersonInput, name="PersonInput", description=described(PersonInput))
EvidenceInput = EvidenceForm
strawberry.input(EvidenceInput, name="EvidenceInput", description=described(EvidenceInput))


@strawberry.input(name="TitleFilter", description=described(TitleFilter))
class TitleFilterInput(TitleFilter):
    """Which titles; a place in the order of events is the contract's scalar."""

    changed_since: Position | None = None


CaseFilterInput = CaseFilter
strawberry.input(CaseFilterInput, name="CaseFilter", description=described(CaseFilterInput))


@strawberry.input(description="A period of professional work abroad, both days included.")
class ExperienceInput:
    """A period; the contract calls its ends what Python reserves."""

    employer: str
    start: date = strawberry.field(name="from")
    end: date = strawberry.field(name="to")
    field: str

    def form(self) -> ExperienceForm:
        """The application's form."""
        return ExperienceForm(employer=self.employer, start=self.start, end=self.end, field=self.field)


@strawberry.input(description=described(Submission))
class SubmitCaseInput:
    """A submission; the periods of experience come under the contract's names."""

    idempotency_key: str = strawberry.field(description="Makes a retry safe: the same key answers with the same case.")
    holder: PersonInput
    certificate: CertificateInput
    authority_code: str
    work_field: str
    experience: list[ExperienceInput] = strawberry.field(default_factory=list)
    evidence: list[EvidenceInput] = strawberry.field(default_factory=list)
    catalog_code: str | None = None

    def form(self) -> Submission:
        """The application's form."""
        return Submission(
            idempotency_key=self.idempotency_key,
            holder=self.holder,
            certificate=self.certificate,
            authority_code=self.authority_code,
            work_field=self.work_field,
            experience=[each.form() for each in self.experience],
            evidence=list(self.evidence),
            catalog_code=self.catalog_code,
        )


@strawberry.input(description="Whose titles are asked for, by identity document.")
class HolderInput:
    """A person by identity document."""

    id_type: str = "RESIDENT_ID"
    id_number: str


@strawberry.input(description="One title an entry leads to.")
class AwardInput:
    """A title, for one grade or for all."""

    grade: str | None = None
    title: str
    level: TitleLevel

    def checked(self, place: str, faults: Faults) -> TitleAward:
        """As the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
        return TitleAward(
            grade=faults.attempt(lambda: clean_optional(self.grade, f"{place}.grade"), None),
            title=faults.attempt(lambda: clean(self.title, f"{place}.title"), ""),
            level=self.level,
        )


@strawberry.input(description="The new content of an entry.")
class EntryInput:
    """An entry as its notice states it."""

    number: int
    qualification_name: str
    translated_name: str
    issuing_body: str
    field: str
    awards: list[AwardInput]
    label: str | None = None
    country: str | None = None
    series: str | None = None
    tier: str | None = None
    conditions: str | None = None
    valid_until: date | None = None
    remark: str | None = None

    def checked(self, place: str, faults: Faults) -> CatalogEntry:
        """As the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
        if self.number < 1:
            faults.add(f"{place}.number", tell("input.number_below_one", field=f"{place}.number"))

        def text(value: str, name: str) -> str:
            return faults.attempt(lambda: clean(value, f"{place}.{name}"), "")

        def optional(value: str | None, name: str, limit: int = NAME_LIMIT) -> str | None:
            return faults.attempt(lambda: clean_optional(value, f"{place}.{name}", limit=limit), None)

        return CatalogEntry(
            number=self.number,
            qualification_name=text(self.qualification_name, "qualificationName"),
            translated_name=text(self.translated_name, "translatedName"),
            issuing_body=text(self.issuing_body, "issuingBody"),
            field=text(self.field, "field"),
            awards=tuple(award.checked(f"{place}.awards.{n}", faults) for n, award in enumerate(self.awards)),
            label=optional(self.label, "label", CODE_LIMIT),
            country=optional(self.country, "country"),
            series=optional(self.series, "series"),
            tier=optional(self.tier, "tier"),
            conditions=optional(self.conditions, "conditions", PROSE_LIMIT),
            valid_until=self.valid_until,
            remark=optional(self.remark, "remark", PROSE_LIMIT),
        )


@strawberry.input(
    description="What an amendment does to one entry; `entry` is the new content, absent for a withdrawal."
)
class EntryChangeInput:
    """A change to one entry."""

    kind: EntryChangeKind
    number: int
    new_number: int | None = None
    entry: EntryInput | None = None
    reason: str | None = None

    def checked(self, place: str, faults: Faults) -> EntryChange:
        """As the domain keeps it; ``faults`` gains what is wrong with it."""
        return EntryChange(
            kind=self.kind,
            number=self.number,
            new_number=self.new_number,
            entry=self.entry.checked(f"{place}.entry", faults) if self.entry else None,
            reason=faults.attempt(lambda: clean_optional(self.reason, f"{place}.reason", limit=PROSE_LIMIT), None),
        )


@strawberry.input
class _AliasText:
    """What is said of an alias, proposed with a catalog or changed by an amendment."""

    text: str = strawberry.field(description="The other name, as people write it.")
    issuer: str | None = strawberry.field(
        default=None, description="Of a body's alias: the key that all spellings of the body share."
    )
    numbers: list[int] = strawberry.field(
        default_factory=list,
        description="Of a qualification's alias: the entries it may mean; none where the catalog is known not to list it.",
    )


@strawberry.input(description="What an amendment does to one alias. One to withdraw is named by all but its ground.")
class AliasChangeInput(_AliasText):
    """A change to one alias."""

    kind: AliasChangeKind
    alias_kind: AliasKind
    ground: str = strawberry.field(description="Why the alias holds; of one to withdraw, why it no longer does.")

    def checked(self, place: str, faults: Faults) -> AliasChange:
        """As the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
        return AliasChange(
            kind=EntryChangeKind(self.kind.value),
            alias=checked_alias(self.alias_kind, self.text, self.issuer, self.numbers, self.ground, place, faults),
        )


@strawberry.input(description="Another name of a qualification or a body, proposed with a catalog.")
class AliasInput(_AliasText):
    """An alias."""

    kind: AliasKind
    ground: str = strawberry.field(description="Why the alias holds.")

    def checked(self, place: str, faults: Faults) -> Alias:
        """As the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
        return checked_alias(self.kind, self.text, self.issuer, self.numbers, self.ground, place, faults)


def checked_alias(
    kind: AliasKind,
    text: str,
    issuer: str | None,
    numbers: Sequence[int],
    ground: str,
    place: str,
    faults: Faults,
) -> Alias:
    """An alias as the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
    return Alias(
        kind=kind,
        text=faults.attempt(lambda: clean(text, f"{place}.text"), ""),
        issuer=faults.attempt(lambda: clean_optional(issuer, f"{place}.issuer", limit=CODE_LIMIT), None),
        numbers=tuple(sorted(set(numbers))),
        ground=faults.attempt(lambda: clean(ground, f"{place}.ground", limit=PROSE_LIMIT), ""),
    )


@strawberry.input(
    description="What an amendment does to one word of the vocabulary. One to withdraw is named by all but its ground."
)
class WordChangeInput:
    """A change to one word."""

    kind: AliasChangeKind
    word_kind: WordKind
    text: str = strawberry.field(description="The word or phrase, folded as matching folds names.")
    meaning: str = strawberry.field(default="", description="What it stands for, where its kind has a meaning.")
    scope: str = strawberry.field(
        default="", description="Empty, `issuer:KEY` for names of one body, or `catalog:CODE` for one catalog."
    )
    ground: str = strawberry.field(description="Why the word holds; of one to withdraw, why it no longer does.")

    def checked(self, place: str, faults: Faults) -> WordChange:
        """As the domain keeps it, blank where a text is malformed; ``faults`` gains what is wrong with it."""
        return WordChange(
            effect=self.kind,
            word=Word(
                kind=self.word_kind,
                text=faults.attempt(lambda: clean(self.text, f"{place}.text"), ""),
                meaning=faults.attempt(lambda: clean(self.meaning, f"{place}.meaning", required=False), ""),
                scope=faults.attempt(lambda: clean(self.scope, f"{place}.scope", limit=CODE_LIMIT, required=False), ""),
                ground=faults.attempt(lambda: clean(self.ground, f"{place}.ground", limit=PROSE_LIMIT), ""),
            ),
        )


@strawberry.input(description="An amendment of a catalog, against its latest version.")
class AmendmentInput:
    """What an administrator proposes."""

    catalog_code: str
    base_version: int
    notice_number: str
    notice_title: str
    effective_from: date
    erratum: bool = False
    rematch_pending: bool = False
    changes: list[EntryChangeInput]
    alias_changes: list[AliasChangeInput] = strawberry.field(default_factory=list)
    word_changes: list[WordChangeInput] = strawberry.field(default_factory=list)
    levels: list[TitleLevel] | None = None
    departments: list[str] = strawberry.field(default_factory=list)
    ends_on: date | None = None

    def cleaned(self) -> AmendmentTerms:
        """As the domain keeps it. Raises ``Refused`` with the first fault."""
        terms, refusals = self.checked()
        for refusal in refusals:
            raise refusal
        return terms

    def checked(self) -> tuple[AmendmentTerms, list[Refused]]:
        """As the domain keeps it, blank where a text is malformed, and all that is malformed."""
        faults = Faults()
        terms = AmendmentTerms(
            base_version=self.base_version,
            notice=checked_notice(self.notice_number, self.notice_title, faults, self.levels, self.departments),
            effective_from=self.effective_from,
            erratum=self.erratum,
            rematch_pending=self.rematch_pending,
            changes=tuple(change.checked(f"changes.{n}", faults) for n, change in enumerate(self.changes)),
            alias_changes=tuple(each.checked(f"aliasChanges.{n}", faults) for n, each in enumerate(self.alias_changes)),
            word_changes=tuple(each.checked(f"wordChanges.{n}", faults) for n, each in enumerate(self.word_changes)),
            ends_on=self.ends_on,
        )
        return terms, faults.refusals


@strawberry.input(description="A further catalog, whole, as its notice states it.")
class CatalogInput:
    """What an administrator proposes to publish."""

    code: str
    name: str
    notice_number: str | None = None
    notice_title: str
    effective_from: date
    entries: list[EntryInput]
    levels: list[TitleLevel] | None = None
    departments: list[str] = strawberry.field(default_factory=list)
    aliases: list[AliasInput] = strawberry.field(default_factory=list)

    def cleaned(self) -> CatalogTerms:
        """As the domain keeps it. Raises ``Refused`` with the first fault."""
        terms, refusals = self.checked()
        if terms is None:
            raise refusals[0]
        return terms

    def checked(self) -> tuple[CatalogTerms | None, list[Refused]]:
        """As the domain keeps it, nothing where something is malformed, and all that is."""
        faults = Faults()
        entries = [entry.checked(f"entries.{n}", faults) for n, entry in enumerate(self.entries)]
        aliases = [alias.checked(f"aliases.{n}", faults) for n, alias in enumerate(self.aliases)]
        notice = checked_notice(self.notice_number, self.notice_title, faults, self.levels, self.departments)
        work = partial(catalog_terms, self.code, self.name, notice, self.effective_from, entries, aliases)
        terms: CatalogTerms | None = faults.attempt(work, None)
        return None if faults.refusals else terms, faults.refusals


def checked_notice(
    number: str | None, title: str, faults: Faults, levels: Sequence[TitleLevel] | None, departments: Sequence[str]
) -> Notice:
    """A notice as the domain keeps it, blank where a text is malformed."""
    return Notice(
        number=faults.attempt(lambda: clean_notice(number, "-").number, None),
        title=faults.attempt(lambda: clean_notice(None, title).title, ""),
        levels=clean_notice(None, "-", levels).levels,
        departments=faults.attempt(lambda: clean_notice(None, "-", None, departments).departments, ()),
    )
