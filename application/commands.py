"""What people ask for: plain forms, cleaned and checked here before the domain sees them.

A form's field list stands here and nowhere else; the API registers the same classes as its input objects.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

from pydantic.alias_generators import to_camel

from domain.base import Event
from domain.identity_numbers import IdentityNumber
from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean, clean_code, clean_optional, identifying_form
from domain.values import Certificate, Evidence, Experience, Person, Words

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_MAX_FILES: Final = 50
_MAX_PERIODS: Final = 50
_MAX_FILE_SIZE: Final = 2**31 - 1


@dataclass(kw_only=True)
class PersonForm:
    """Who a case is about."""

    name: str
    id_type: str = "RESIDENT_ID"
    id_number: str

    def cleaned(self, ref: UUID, today: date) -> Person:
        """As the domain keeps it on this day, the number in its one form.

        Raises ``Refused``, for a name too that has nothing to be told by: nobody would find its title.
        """
        identity = IdentityNumber.of(self.id_type, self.id_number, today=today)
        name = clean(self.name, "holder.name")
        if not identifying_form(name):
            raise _invalid("holder.name", tell("input.no_name", field="holder.name"))
        return Person(ref=ref, name=name, id_type=identity.kind.value, id_number=identity.number)


@dataclass(kw_only=True)
class CertificateForm:
    """A foreign certificate as somebody typed it."""

    name: str
    issuing_body: str = ""
    grade: str | None = None
    certificate_number: str | None = None
    issued_on: date | None = None
    expires_on: date | None = None

    def cleaned(self) -> Certificate:
        """As the domain keeps it. Raises ``Refused``."""
        return Certificate(
            name=clean(self.name, "certificate.name"),
            issuing_body=clean(self.issuing_body, "certificate.issuingBody", required=False),
            grade=clean_optional(self.grade, "certificate.grade", limit=CODE_LIMIT),
            certificate_number=clean_optional(
                self.certificate_number, "certificate.certificateNumber", limit=CODE_LIMIT
            ),
            issued_on=self.issued_on,
            expires_on=self.expires_on,
        )


@dataclass(kw_only=True)
class EvidenceForm:
    """A file that supports a case, by its digest."""

    sha256: str
    file_name: str
    media_type: str
    size: int
    kind: str

    def cleaned(self) -> Evidence:
        """As the domain keeps it. Raises ``Refused``."""
        digest, media_type = self.sha256.strip().lower(), self.media_type.strip().lower()
        if not _SHA256.fullmatch(digest):
            raise _invalid("evidence.sha256", tell("input.not_sha256", field="evidence.sha256"))
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise _invalid("evidence.mediaType", tell("input.not_media_type", field="evidence.mediaType"))
        if not 0 < self.size <= _MAX_FILE_SIZE:
            raise _invalid("evidence.size", tell("input.not_file_size", field="evidence.size", most=_MAX_FILE_SIZE))
        return Evidence(
            sha256=digest,
            file_name=clean(self.file_name, "evidence.fileName"),
            media_type=media_type,
            size=self.size,
            kind=clean(self.kind, "evidence.kind", limit=CODE_LIMIT),
        )


@dataclass(kw_only=True)
class ExperienceForm:
    """A period of professional work abroad, both days included."""

    employer: str
    start: date
    end: date
    field: str

    def cleaned(self) -> Experience:
        """As the domain keeps it. Raises ``Refused``."""
        return Experience(
            employer=clean(self.employer, "experience.employer"),
            start=self.start,
            end=self.end,
            field=clean(self.field, "experience.field"),
        )


@dataclass(kw_only=True)
class Submission:
    """A case to submit; the same key from the same person answers with the same case."""

    idempotency_key: str
    holder: PersonForm
    certificate: CertificateForm
    authority_code: str
    work_field: str
    experience: list[ExperienceForm] = field(default_factory=list)
    evidence: list[EvidenceForm] = field(default_factory=list)
    catalog_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class CleanSubmission:
    """A submission cleaned once: what it states, under the names that the recorded event gives it."""

    holder: Person
    certificate: Certificate
    authority_code: str
    work_field: str
    experience: tuple[Experience, ...]
    evidence: tuple[Evidence, ...]
    catalog_asked: str | None

    @classmethod
    def of(cls, form: Submission, holder_ref: UUID, today: date) -> Self:
        """As the domain keeps it on this day; a blank code of a catalog reads as none. Raises ``Refused``."""
        asked = (form.catalog_code or "").strip()
        return cls(
            holder=form.holder.cleaned(holder_ref, today),
            certificate=form.certificate.cleaned(),
            authority_code=clean_code(form.authority_code, "authorityCode"),
            work_field=clean(form.work_field, "workField"),
            experience=tuple(cleaned_experience(form.experience)),
            evidence=tuple(cleaned_evidence(form.evidence)),
            catalog_asked=clean_code(asked, "catalogCode") if asked else None,
        )

    def about(self, holder_ref: UUID) -> Self:
        """The same under the reference of a holder who is known."""
        return replace(self, holder=self.holder.model_copy(update={"ref": holder_ref}))

    def facts(self) -> dict[str, Any]:
        """By name, as the event states them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def repeats(self, recorded: Event) -> bool:
        """Whether an event recorded this very submission; every field counts."""
        return all(getattr(recorded, name) == value for name, value in self.facts().items())


def cleaned_evidence(forms: Sequence[EvidenceForm]) -> list[Evidence]:
    """Evidence as the domain keeps it. Raises ``Refused`` for too many files."""
    if len(forms) > _MAX_FILES:
        raise _invalid("evidence", tell("input.too_many_files", field="evidence", found=len(forms), most=_MAX_FILES))
    return [form.cleaned() for form in forms]


def cleaned_experience(forms: Sequence[ExperienceForm]) -> list[Experience]:
    """Experience as the domain keeps it. Raises ``Refused`` for too many periods."""
    if len(forms) > _MAX_PERIODS:
        raise _invalid(
            "experience", tell("input.too_many_periods", field="experience", found=len(forms), most=_MAX_PERIODS)
        )
    return [form.cleaned() for form in forms]


def cleaned_facts(kind: type[Event], facts: Mapping[str, Any]) -> dict[str, Any]:
    """An event's facts with every typed text cleaned as its field says (``Words``). Raises ``Refused`` naming the field."""
    cleaned = dict(facts)
    for name, value in facts.items():
        field_ = kind.model_fields[name]
        words = next((mark for mark in field_.metadata if isinstance(mark, Words)), None)
        if words is None:
            continue
        clean_one = clean_optional if words.optional else clean
        cleaned[name] = clean_one(value, to_camel(name), limit=words.limit)
    return cleaned


def _invalid(field_name: str, said: Message) -> Refused:
    return Refused(RefusalCode.INVALID_INPUT, said, field_name)
