"""The table of codes in ``docs/errors.md``, made from the code: ``python -m tests.docs.errors`` writes it anew."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from domain.refusals import RefusalCode
from registry_api.errors import ErrorCode
from tests.sources import ROOT, Module, modules_of

PAGE: Final = ROOT / "docs" / "errors.md"
LAYERS: Final = ("domain", "application", "infrastructure", "registry_api")
HEAD: Final = """\
# Refusals and errors

Whatever the registry does not do is answered with a stable `code` for programs and one sentence for a person that names the way out.
Codes are never renamed and never change their meaning.

**Refusals** come from the rules. Nothing was recorded. A mutation answers one as data (`refusal { code message field }`), a query as
an error with the code in its `extensions`, the command line with the sentence and exit code 1. **Errors** come from the request, the
transport or the state of the server, and stand in `errors` of the response; where nothing was executed, the response has the HTTP
status of the table (under `application/json`, what is wrong with the document or its variables is answered with 200, as GraphQL over
HTTP, section 6.4.1, has it).
"""
FOOT: Final = """
The page is printed from `domain/refusals.py` and `graphql/registry_api/errors.py` by `python -m tests.docs.errors`; a code without a
line here can't be given.
"""


def codes_in(modules: Iterable[Module]) -> dict[RefusalCode, list[str]]:
    """Which modules name which code, as ``RefusalCode.X``; modules in order of their names."""
    found: dict[RefusalCode, set[str]] = {code: set() for code in RefusalCode}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "RefusalCode":
                found[RefusalCode[node.attr]].add(module.name)
    return {code: sorted(names) for code, names in found.items()}


def raised() -> dict[RefusalCode, list[str]]:
    """Where the project's source refuses for each reason."""
    return codes_in(module for layer in LAYERS for module in modules_of(layer))


def error_sources() -> dict[ErrorCode, list[str]]:
    """Which modules of the API name which code, as ``ErrorCode.X``, by its constant, or by its name in the store's errors."""
    found: dict[ErrorCode, set[str]] = {code: set() for code in ErrorCode}
    for module in modules_of("registry_api"):
        if module.name == "registry_api.errors":
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode":
                found[ErrorCode[node.attr]].add(module.name)
            elif isinstance(node, ast.Name) and node.id in ErrorCode.__members__:
                found[ErrorCode[node.id]].add(module.name)
    for module in modules_of("infrastructure"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value.upper().replace("-", "_")
                if node.value.startswith("evidence-") and name in ErrorCode.__members__:
                    found[ErrorCode[name]].add(module.name)
    return {code: sorted(names) for code, names in found.items()}


def _table(head: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    columns = head.count("|") - 1
    yield head
    yield "|---" * columns + "|"
    yield from ("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def page() -> str:
    """The page as it should read now."""
    lines = [HEAD, "## Refusals\n"]
    sources = raised()
    lines += _table(
        "| Code | Meaning | What helps | Where it comes from |",
        ((f"`{c.value}`", c.meaning, c.way_out, ", ".join(f"`{n}`" for n in sources[c])) for c in RefusalCode),
    )
    lines.append("\n## Errors\n")
    places = error_sources()
    lines += _table(
        "| Code | HTTP | Meaning | What helps | Where it comes from |",
        ((f"`{c.value}`", c.status, c.meaning, c.way_out, ", ".join(f"`{n}`" for n in places[c])) for c in ErrorCode),
    )
    return "\n".join(lines) + "\n" + FOOT


def write(path: Path = PAGE) -> None:
    """Write the page anew."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
