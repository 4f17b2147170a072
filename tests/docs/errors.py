"""The table of codes in ``docs/errors.md``, made from the code: ``python -m tests.docs.errors`` writes it anew."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from catalog.faults import FaultCode
from domain.catalog.names import NoteCode
from domain.messages import Language, tell
from domain.refusals import RefusalCode, Refused
from domain.text import clean
from infrastructure import evidence, identity
from registry_api.schema import build_schema
from tests.docs.sentences import class_codes, given, in_capitals, in_chinese, sentences, template
from tests.sources import ROOT, Module, all_modules
from transport.documents import InvalidDocumentError, prepare
from transport.errors import ErrorCode, status_of
from transport.execution import core_schema
from transport.limits import DEFAULT_LIMITS

PAGE: Final = ROOT / "docs" / "errors.md"
HEAD: Final = """\
# Refusals and errors

Whatever the registry does not do is answered with a stable `code` for programs and one sentence for a person that names the way out.
Codes are never renamed and never change their meaning. Sentences are written in Chinese or English, as the client accepts
(`Accept-Language`; `--lang` on the command line).

**Refusals** come from the rules. Nothing was recorded. A mutation answers one as data (`refusal { code message field }`), a query as
an error with the code in its `extensions`, the command line with the sentence, the code and exit code 1. **Errors** come from the
request, the transport or the state of the server, and stand in `errors` of the response.

The column HTTP is the status of a response that says nothing else, as those of the evidence endpoints do, and of a GraphQL request
of which nothing was executed. Under `application/json`, what is wrong with the document or its variables is answered with 200 (GraphQL
over HTTP, section 6.4.1). Once an operation runs, the status is 200 and each field says for itself what it refused; only an outage that
left no data at all (UNAVAILABLE, STORAGE_FULL) keeps its status, with `Retry-After`, under `application/graphql-response+json`.

Who sends no token is nobody, and may ask what is public. A field that needs somebody answers UNAUTHENTICATED in its own place, with
status 200, since public fields beside it are answered. A token that is sent and not believed refuses the whole request: UNAUTHENTICATED
with status 401, `WWW-Authenticate: Bearer` (RFC 6750, section 3), and in `extensions.reason` why.

In the examples … stands for what varies.
"""
FIXED: Final = {"PERSISTED_QUERY_NOT_FOUND": str(tell("request.persisted_not_found"))}
"""What a code says in words that a protocol fixes, which are no sentence."""
PASSED_ON: Final = {
    "CHANGE_INVALID": "entry.unchanged",
    "LEVEL_NOT_AWARDED": "entry.level_not_awarded",
    "LOG_BEHIND": "log.not_yet",
    "LOG_DEVIATES": "log.event_changed",
    "NOT_AVAILABLE": "attestation.no_address",
}
"""A message of each code that is never written beside one: what makes the message passes it on."""
FOOT: Final = """
The page is printed from the source by `python -m tests.docs.errors`: codes from `domain/refusals.py`, `graphql/transport/errors.py`,
`catalog/faults.py` and `domain/catalog/names.py`, sentences from where they are given and from the catalogue of
messages in `domain/messages/`. A code without a line here can't be given.
"""


def codes_in(modules: Iterable[Module]) -> dict[RefusalCode, list[str]]:
    """Which modules name which code, as ``RefusalCode.X``; modules in order of their names."""
    found: dict[RefusalCode, set[str]] = {code: set() for code in RefusalCode}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "RefusalCode":
                found[RefusalCode[node.attr]].add(module.name)
    return {code: sorted(names) for code, names in found.items()}


@cache
def places() -> dict[str, list[str]]:
    """Which modules answer with which code, by its name in capitals; a module that only compares with one does not."""
    found: dict[str, set[str]] = {}
    for module in all_modules():
        own = {in_capitals(code) for _, code, _ in class_codes(module)}
        if module.name == "infrastructure.evidence":
            own |= set(map(in_capitals, get_args(evidence.RefusalReason)))
        for code in (*given(module), *own):
            found.setdefault(code, set()).add(module.name)
    return {code: sorted(names) for code, names in found.items()}


@cache
def spoken() -> dict[str, str]:
    """An example of the sentence that each code comes with; what no text of the source holds is asked of the source."""
    found = sentences() | FIXED | {code: template(key) for code, key in PASSED_ON.items()}
    for reason in get_args(evidence.RefusalReason):
        found[in_capitals(reason)] = str(evidence.EvidenceRefused(reason))
    schema = core_schema(build_schema())
    for code, document in (("GRAPHQL_PARSE_FAILED", "{"), ("GRAPHQL_VALIDATION_FAILED", "{ titel }")):
        try:
            prepare(schema, document, DEFAULT_LIMITS)
        except InvalidDocumentError as invalid:
            found[code] = invalid.errors[0].message
    try:
        clean("\a", "name")
    except Refused as refused:
        found["CONTROL_CHARACTER"] = refused.message
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(codes: Iterable[RefusalCode | ErrorCode]) -> Iterator[tuple[Any, ...]]:
    for each in codes:
        example = spoken()[each.name]
        yield f"`{each.value}`", status_of(each), each.meaning, example, each.way_out, _listed(places()[each.name])


def _chinese_rows(codes: Iterable[RefusalCode | ErrorCode]) -> Iterator[tuple[Any, ...]]:
    for each in codes:
        example = in_chinese(spoken()[each.name])
        yield f"`{each.value}`", each.meaning.text(Language.ZH), example, each.way_out.text(Language.ZH)


def _table(head: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    columns = head.count("|") - 1
    yield head
    yield "|---" * columns + "|"
    yield from ("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def failures() -> list[tuple[str, str, str]]:
    """Code, purpose and module of each error with a code of its own; those of evidence files are answered as ``ErrorCode``."""
    return sorted(
        (code, purpose.replace("``", "`"), module.name)
        for module in all_modules()
        for _, code, purpose in class_codes(module)
        if module.name != "infrastructure.evidence"
    )


def page() -> str:
    """The page as it should read now."""
    whole = "| Code | HTTP | Meaning | Example | What helps | Where it comes from |"
    lines = [HEAD, "## Refusals\n", *_table(whole, _rows(RefusalCode))]
    lines += ["\n## Errors\n", *_table(whole, _rows(ErrorCode))]
    chinese = "| 代码 | 含义 | 示例 | 解决办法 |"
    lines += ["\n## 中文\n", "`Accept-Language: zh` 时，同一代码以下列中文作答；命令行用 `--lang zh`。\n"]
    lines += _table(chinese, _chinese_rows([*RefusalCode, *ErrorCode]))
    lines.append("\n## Why a token is not believed\n\n`extensions.reason` beside UNAUTHENTICATED.\n")
    reasons = get_args(identity.RefusalReason)
    refused = {each: identity.TokenRefused(each) for each in reasons}
    rows = ((f"`{each}`", str(error), error.text(Language.ZH)) for each, error in refused.items())
    lines += _table("| Reason | Sentence | 中文 |", rows)
    lines.append(
        "\n## Faults of files\n\nPrinted by the command line behind the place and the sentence; exit code 1.\n"
    )
    short = "| Code | Example | Where it comes from |"
    lines += _table(short, ((f"`{c.value}`", spoken()[c.name], _listed(places()[c.name])) for c in FaultCode))
    lines.append("\n## Notes\n\nWhat to know about an amendment before it is signed; nothing is refused for it.\n")
    lines += _table(short, ((f"`{c.value}`", spoken()[c.name], _listed(places()[c.name])) for c in NoteCode))
    lines.append(
        "\n## Failures\n\nWhat stops the registry or a part of it; printed by the command line, and in logs.\n"
    )
    lines += _table("| Code | Meaning | Where it comes from |", ((f"`{c}`", p, f"`{m}`") for c, p, m in failures()))
    return "\n".join(lines) + "\n" + FOOT


def write(path: Path = PAGE) -> None:
    """Write the page anew."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
