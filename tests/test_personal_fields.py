"""Forgetting is impossible: every text of an event or a view is marked as personal, or stands here with the ground on which it is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from application import views
from domain.streams import event_classes
from domain.values import PersonalData

HARMLESS: Final = {
    "a code, number or state of the registry's own, looked up or checked before it is recorded": {
        "authority_code",
        "catalog_asked",
        "catalog_code",
        "case_number",
        "code",
        "division_code",
        "entry",
        "grade",
        "keys",
        "lodged_with_code",
        "media_type",
        "month",
        "originator_topic",
        "related_case_number",
        "responsible_code",
        "rule_set",
        "sha256",
        "status",
        "stream_type",
        "type",
    },
    "a sentence of the registry's own, which names nobody": {"message"},
    "names of rules of the registry's own": {"waived"},
    "what a catalog, its notice, or the ground of a change in it says to everybody": {
        "after",
        "before",
        "conditions",
        "country",
        "departments",
        "field",
        "ground",
        "issuer",
        "issuing_body",
        "label",
        "meaning",
        "name",
        "notice_number",
        "notice_title",
        "number",
        "qualification_name",
        "reason",
        "remark",
        "scope",
        "series",
        "text",
        "tier",
        "title",
        "translated_name",
        "values",
    },
    "who acted: an office-holder or an account, as the identity provider names it, which an audit needs for ever": {
        "client",
        "officer",
        "on_behalf_of",
        "signed_by",
        "request_id",
        "subject",
        "submitted_by",
    },
    "the legal basis of an act on a person's data, refused where it names the person": {"legal_basis"},
    "the access log's own: kinds of fields and random references, and the words of whoever read": {
        "fields",
        "holders",
        "operation",
    },
}
"""Names of fields by ground. Of classes about a person the further ones below hold, so that no common name hides a field of theirs."""

OF_PERSONS: Final = {
    "Approved", "CandidatesListed", "Matched", "Reinstated", "Rejected", "RematchRequired", "RevocationProposed", "Revoked",
    "AnnulmentProposed", "Annulled", "NoticeGiven", "ProposalAnswered", "ProposalDeclined", "Reassessed", "ReinstatementProposed",
    "ReviewRecorded", "Surrendered", "DeadlineMissed", "ProposalView",
    "Submitted", "Supplemented", "SupplementRequested", "Transferred", "Withdrawn", "Imported", "Filed", "Overturned", "Certificate",
    "Evidence", "Experience", "Person", "HolderView", "CertificateView", "EvidenceView", "CaseView", "PastCaseView",
    "IntegrityRecordView",
}  # fmt: skip
"""Classes about a person: what a catalog says is no ground for a text of theirs."""


def texts(model: type, seen: set[type]) -> Iterator[tuple[type, str]]:
    """Every field of a model, and of the models in it, that holds a text and is not marked as personal."""
    if model in seen:
        return
    seen.add(model)
    hints = get_type_hints(model, include_extras=True)
    names = model.model_fields if issubclass(model, BaseModel) else [each.name for each in dataclasses.fields(model)]
    for name in names:
        if holds_text(hints[name]):
            yield model, name
        for inner in models_in(hints[name]):
            yield from texts(inner, seen)


def holds_text(kind: Any) -> bool:
    """Whether a value of a type is or holds a text in clear."""
    if get_origin(kind) is Annotated:
        bare, *marks = get_args(kind)
        return not any(isinstance(mark, PersonalData) for mark in marks) and holds_text(bare)
    return kind is str or any(map(holds_text, get_args(kind)))


def models_in(kind: Any) -> Iterator[type]:
    """The models that a type names."""
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)):
        yield kind
    for inner in get_args(kind):
        yield from models_in(inner)


def all_texts() -> list[tuple[type, str]]:
    """The texts in clear of all events and views."""
    seen: set[type] = set()
    shown = [
        each for each in vars(views).values() if dataclasses.is_dataclass(each) and each.__module__ == views.__name__
    ]
    return [text for model in (*event_classes(), *shown) for text in texts(model, seen)]


def test_every_text_is_personal_or_harmless_on_a_ground() -> None:
    """A new field of text fails here until somebody marks it `Personal`, or says on which ground it needs no seal."""
    found = all_texts()
    grounds = {name: ground for ground, names in HARMLESS.items() for name in names}
    assert [f"{model.__qualname__}.{name}" for model, name in found if name not in grounds] == []
    catalogs = HARMLESS["what a catalog, its notice, or the ground of a change in it says to everybody"]
    assert [(m.__name__, name) for m, name in found if m.__name__ in OF_PERSONS and name in catalogs] == []
    assert grounds.keys() == {name for _, name in found}
    assert len(found) > 60


def test_a_text_that_nobody_thought_of_is_found() -> None:
    """The search is no formality: it sees texts in tuples, in options, in models, and passes over marked ones."""

    @dataclasses.dataclass
    class Inner:
        nickname: str | None
        sealed: Annotated[str | None, PersonalData()]

    @dataclasses.dataclass
    class Outer:
        inner: tuple[Inner, ...]
        count: int

    Outer.__annotations__["inner"] = tuple[Inner, ...]
    Inner.__annotations__ |= {"nickname": str | None, "sealed": Annotated[str | None, PersonalData()]}
    assert [name for _, name in texts(Outer, set())] == ["nickname"]
