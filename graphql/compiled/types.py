"""The fields of covered types that are more than fields of their views."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, get_type_hints

import orjson

from application.deadlines import StandingDeadline, standing
from application.folding import title_of
from application.views import (
    AuthorityView,
    AwardView,
    CaseView,
    EntryView,
    EvidenceView,
    ProposalView,
    TitleView,
    VersionView,
)
from compiled.dimensions import Dimensions
from compiled.inputs import arguments_of
from compiled.selections import NotCovered, SelectedField
from compiled.writing import NeedsView, RowSource, Rule, Rules, View, Writer, python_name
from domain.values import TitleStatus
from registry_api import ids
from registry_api.context import Context
from registry_api.types.cases import award_for


def encoded(value: Any) -> bytes:
    """JSON of what a plan made; identifiers, days and enumerations as themselves."""
    return orjson.dumps(value)


def rules_of(dimensions: Dimensions, authority: Any) -> Rules:
    """The rules over catalogs in hand; ``authority`` answers for a code the authority that has it."""

    def dimension(make: Any, key: tuple[str, ...], view: type) -> Rule:
        """A field that shows something in hand, under a key of the source's fields; null where a part of the key is."""

        def rule(writer: Writer, source: RowSource, selected: SelectedField) -> str:
            parts = ", ".join(source.of(each) for each in key)
            return _in_hand(writer, selected, make, view, f"[{parts}]", source, key)

        return rule

    def _in_hand(
        writer: Writer, selected: SelectedField, make: Any, view: type, at: str, source: RowSource, key: tuple[str, ...]
    ) -> str:
        inner = Writer(writer.rules, clear=False)
        write = inner.function("v", inner.object(View(view, "v"), selected.below))
        kept = writer.bind(dimensions.written(lambda each: orjson.Fragment(encoded(write(make(each))))))
        perhaps = " or ".join(f"{source.of(each)} is None" for each in key)
        return f"(None if {perhaps} else {kept}{at})" if _nullable(selected) else f"{kept}{at}"

    entry = dimension(dimensions.entry, _ENTRY_KEY, EntryView)
    version = dimension(dimensions.version, ("catalog_code", "version_number"), VersionView)
    by_code = dimension(authority, ("authority_code",), AuthorityView)
    lodged = dimension(authority, ("lodged_with_code",), AuthorityView)

    return {
        ("RecognizedTitle", "id"): _identifier("title", "title_id", ids.of_title),
        ("RecognizedTitle", "holder"): _part("holder", "holder"),
        ("RecognizedTitle", "entry"): entry,
        ("RecognizedTitle", "catalogVersion"): version,
        ("RecognizedTitle", "authority"): by_code,
        ("RecognizedTitle", "lodgedWith"): lodged,
        ("RecognizedTitle", "position"): lambda w, source, selected: w.leaf(source.of("position"), selected),
        ("RecognizedTitle", "revokedOn"): _revoked_on,
        ("RecognizedTitle", "revocationGround"): _revocation_ground,
        ("RecognizedTitle", "endingProposed"): _ending_proposed,
        ("RecognizedTitle", "certificateNumber"): _personal("certificate_number"),
        ("RecognizedTitle", "endingGround"): _personal("ending_ground"),
        ("TitleVerification", "title"): _verified_title,
        ("Holder", "ref"): lambda _w, source, _s: source.of("ref"),
        ("Holder", "name"): _opened("name"),
        ("Holder", "idType"): _opened("id_type"),
        ("Holder", "idNumber"): _opened("id_number"),
        ("RecognitionCase", "id"): _identifier("case", "case_id", ids.of_case),
        ("RecognitionCase", "holder"): _part("holder", "holder"),
        ("RecognitionCase", "certificate"): _part("certificate", "certificate"),
        ("RecognitionCase", "evidence"): _evidence,
        ("RecognitionCase", "pendingProposal"): _pending,
        ("RecognitionCase", "deadlines"): _deadlines,
        ("RecognitionCase", "authority"): by_code,
        ("RecognitionCase", "lodgedWith"): lodged,
        ("RecognitionCase", "catalogVersion"): version,
        ("RecognitionCase", "entry"): entry,
        ("RecognitionCase", "award"): partial(_award, dimensions),
        ("RecognitionCase", "title"): partial(_title, dimensions),
        ("RecognitionCase", "workField"): _personal("work_field"),
        ("RecognitionCase", "endingGround"): _personal("ending_ground"),
        **{("Certificate", name): _opened(of) for name, of in _CERTIFICATE.items()},
        **{("Evidence", name): _opened(of) for name, of in {"fileName": "file_name", "kind": "kind"}.items()},
        **{("PendingProposal", name): _opened(name) for name in ("ground", "findings", "statement")},
        ("CatalogEntry", "id"): lambda w, source, _: f"{w.bind(ids.of_entry)}({_whole(source)})",
        ("CatalogEntry", "awards"): lambda w, source, selected: w.plain(source, selected, "awards"),
        ("CatalogVersion", "id"): lambda w, source, _: (
            f"{w.bind(ids.encode)}('version', {source.of('catalog_code')}, {source.of('number')})"
        ),
        ("CatalogVersion", "entry"): partial(_version_entry, dimensions),
        **{("CatalogVersion", name): _uncovered for name in ("changes", "aliasChanges", "wordChanges", "aliases")},
        ("Catalog", "id"): lambda w, source, _: f"{w.bind(ids.encode)}('catalog', {source.of('code')})",
        ("Catalog", "endsOn"): _uncovered,
    }


_ENTRY_KEY: Final = ("catalog_code", "version_number", "entry_number")


def _award(dimensions: Dimensions, writer: Writer, source: RowSource, selected: SelectedField) -> str:
    inner = Writer(writer.rules, clear=False)
    write = inner.function("v", inner.object(View(AwardView, "v"), selected.below))

    def written(key: tuple[Any, ...]) -> Any:
        if None in key[:3]:
            return None
        found = award_for(dimensions.entry((key[0], key[1], key[2])), key[3])
        return None if found is None else orjson.Fragment(encoded(write(found)))

    kept = writer.bind(dimensions.written(written))
    return f"{kept}[{', '.join(source.of(each) for each in (*_ENTRY_KEY, 'grade'))}]"


def _title(dimensions: Dimensions, writer: Writer, source: RowSource, selected: SelectedField) -> str:
    whole = _whole(source)
    inner = writer.bind(writer.function("v, e", writer.object(View(TitleView, "v"), selected.below)))

    def derived(case: CaseView) -> TitleView | None:
        pinned = case.awarded
        if pinned is None:
            return None
        return title_of(case, dimensions.entry((pinned.catalog_code, pinned.version_number, pinned.entry_number)))

    made, each = writer.bind(derived), writer.variable()
    return f"(None if ({each} := {made}({whole})) is None else {inner}({each}, e))"


def _version_entry(dimensions: Dimensions, writer: Writer, source: RowSource, selected: SelectedField) -> str:
    number = arguments_of(selected)
    if selected.node.arguments and any(each.value.kind == "variable" for each in selected.node.arguments):
        raise NotCovered("an entry by a variable")
    wanted = number({})["number"]
    inner = Writer(writer.rules, clear=False)
    write = inner.function("v", inner.object(View(EntryView, "v"), selected.below))

    def written(key: tuple[str, int]) -> Any:
        try:
            found = dimensions.entry((*key, wanted))
        except LookupError:
            return None
        return orjson.Fragment(encoded(write(found)))

    return f"{writer.bind(dimensions.written(written))}[{source.of('catalog_code')}, {source.of('number')}]"


_CERTIFICATE: Final = {
    "name": "name",
    "issuingBody": "issuing_body",
    "grade": "grade",
    "certificateNumber": "certificate_number",
}


def personal_in(selected: SelectedField) -> bool:
    """Whether a selection shows anything that only some may read."""
    return any((each.parent.name, each.name) in _OF_PERSONS for each in selected.all_below())


_OF_PERSONS: Final = frozenset(
    {
        *(("RecognizedTitle", name) for name in ("holder", "revocationGround", "certificateNumber", "endingGround")),
        *(
            ("RecognitionCase", name)
            for name in ("holder", "certificate", "evidence", "pendingProposal", "workField", "endingGround", "title")
        ),
    }
)


def _nullable(selected: SelectedField) -> bool:
    return selected.definition is not None and not str(selected.definition.type).endswith("!")


def _whole(source: RowSource) -> str:
    if source.whole is None:
        raise NeedsView
    return source.whole


def _identifier(kind: str, name: str, of: Any) -> Rule:
    def rule(writer: Writer, source: RowSource, _selected: SelectedField) -> str:
        if source.whole is None:
            return f"({ids.encode(kind, '')!r} + {source.of(name)})"
        return f"{writer.bind(of)}({source.whole})"

    return rule


def _part(name: str, kind: str) -> Rule:
    """A view within a case or title that is about the person: as the viewer may see it."""

    def rule(writer: Writer, source: RowSource, selected: SelectedField) -> str:
        view = get_type_hints(source.view)[name]
        if not writer.clear:
            return writer.object(source.within(name, view), selected.below)
        inner = writer.bind(writer.function("v, e", writer.object(View(view, "v"), selected.below)))
        return f"{inner}(e.viewer.show({_whole(source)}, {source.of(name)}, {kind!r}, {_names(writer, selected)}), e)"

    return rule


def _names(writer: Writer, selected: SelectedField) -> str:
    return writer.bind(frozenset(python_name(each) for each in selected.below))


def _opened(name: str) -> Rule:
    """A personal field of a part: what ``Viewer.show`` left of it, nothing where nobody may read it."""

    def rule(writer: Writer, source: RowSource, _selected: SelectedField) -> str:
        return source.of(name) if writer.clear else "None"

    return rule


def _personal(name: str) -> Rule:
    """A personal field of a case or title itself."""

    def rule(writer: Writer, source: RowSource, _selected: SelectedField) -> str:
        return f"e.viewer.value({_whole(source)}, {name!r})" if writer.clear else "None"

    return rule


def _revoked_on(writer: Writer, source: RowSource, _selected: SelectedField) -> str:
    return f"({source.of('ended_on')} if {source.of('status')} == {writer.bind(TitleStatus.REVOKED)} else None)"


def _revocation_ground(writer: Writer, source: RowSource, selected: SelectedField) -> str:
    ground = _personal("ending_ground")(writer, source, selected)
    return f"({ground} if {source.of('status')} == {writer.bind(TitleStatus.REVOKED)} else None)"


def _ending_proposed(_writer: Writer, source: RowSource, _selected: SelectedField) -> str:
    official = f"e.viewer.answers_for({source.of('responsible_code')})"
    return f"({source.of('ending_proposed')} and ({source.of('notice_given')} or {official}))"


def _verified_title(writer: Writer, source: RowSource, selected: SelectedField) -> str:
    return f"(None if {source.of('title')} is None else {writer.object(View(TitleView, source.of('title')), selected.below)})"


def _evidence(writer: Writer, source: RowSource, selected: SelectedField) -> str:
    each, whole = writer.variable(), _whole(source)
    inner = writer.object(View(EvidenceView, each), selected.below)
    shown = (
        f"e.viewer.show({whole}, {whole}.evidence, 'evidence', {_names(writer, selected)})"
        if writer.clear
        else f"{whole}.evidence"
    )
    return f"[{inner} for {each} in {shown}]"


def _pending(writer: Writer, source: RowSource, selected: SelectedField) -> str:
    whole, names = _whole(source), frozenset(python_name(each) for each in selected.below)
    inner = writer.bind(writer.function("v, e", writer.object(View(ProposalView, "v"), selected.below)))

    def offered(case: CaseView, e: Any) -> Any:
        proposed = next(iter(case.pending), None)
        if proposed is None or (proposed.notice_on is None and not e.viewer.officially(case)):
            return None
        return e.viewer.show(case, proposed, "proposal", names)

    made, each = writer.bind(offered), writer.variable()
    return f"(None if ({each} := {made}({whole}, e)) is None else {inner}({each}, e))"


def _deadlines(writer: Writer, source: RowSource, selected: SelectedField) -> str:
    each = writer.variable()
    inner = writer.object(View(StandingDeadline, each), selected.below)
    return f"[{inner} for {each} in {writer.bind(_standing)}({_whole(source)}, e)]"


def _standing(case: CaseView, context: Context) -> list[StandingDeadline]:
    return standing(case, context.read_on())


def _uncovered(_writer: Writer, _source: RowSource, selected: SelectedField) -> str:
    raise NotCovered(f"{selected.parent.name}.{selected.name}")
