"""Input objects: the application's own forms under the contract's names."""

from __future__ import annotations

from datetime import date

import strawberry

from application.catalogs import clean_notice
from application.commands import CertificateForm, EvidenceForm, ExperienceForm, PersonForm, Submission
from application.queries import CaseFilter, TitleFilter
from domain.catalog import AmendmentTerms, EntryChange
from domain.refusals import RefusalCode, Refused
from domain.text import clean, clean_optional
from domain.values import CatalogEntry, EntryChangeKind, TitleAward, TitleLevel
from registry_api.types.nodes import described

CertificateInput = CertificateForm
strawberry.input(CertificateInput, name="CertificateInput", description=described(CertificateInput))
PersonInput = PersonForm
strawberry.input(PersonInput, name="PersonInput", description=described(PersonInput))
EvidenceInput = EvidenceForm
strawberry.input(EvidenceInput, name="EvidenceInput", description=described(EvidenceInput))
TitleFilterInput = TitleFilter
strawberry.input(TitleFilterInput, name="TitleFilter", description=described(TitleFilterInput))
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


@strawberry.input(description="The new content of an entry.")
class EntryInput:
    """An entry as its notice states it."""

    number: int
    qualification_name: str
    translated_name: str
    issuing_body: str
    field: str
    awards: list[AwardInput]

    def cleaned(self) -> CatalogEntry:
        """As the domain keeps it. Raises ``Refused``."""
        if self.number < 1:
            raise Refused(RefusalCode.INVALID_INPUT, "Entries are numbered from 1; correct the number.", "entry.number")
        return CatalogEntry(
            number=self.number,
            qualification_name=clean(self.qualification_name, "entry.qualificationName"),
            translated_name=clean(self.translated_name, "entry.translatedName"),
            issuing_body=clean(self.issuing_body, "entry.issuingBody"),
            field=clean(self.field, "entry.field"),
            awards=tuple(
                TitleAward(
                    grade=clean_optional(award.grade, "award.grade"),
                    title=clean(award.title, "award.title"),
                    level=award.level,
                )
                for award in self.awards
            ),
        )


@strawberry.input(
    description="What an amendment does to one entry; `entry` is the new content, absent for a withdrawal."
)
class EntryChangeInput:
    """A change to one entry."""

    kind: EntryChangeKind
    number: int
    entry: EntryInput | None = None
    reason: str | None = None

    def cleaned(self) -> EntryChange:
        """As the domain keeps it. Raises ``Refused``."""
        return EntryChange(
            kind=self.kind,
            number=self.number,
            entry=self.entry.cleaned() if self.entry else None,
            reason=clean_optional(self.reason, "reason"),
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

    def cleaned(self) -> AmendmentTerms:
        """As the domain keeps it. Raises ``Refused``."""
        return AmendmentTerms(
            base_version=self.base_version,
            notice=clean_notice(self.notice_number, self.notice_title),
            effective_from=self.effective_from,
            erratum=self.erratum,
            rematch_pending=self.rematch_pending,
            changes=tuple(change.cleaned() for change in self.changes),
        )
