"""Where a check of the style is not kept, the line says why."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from tests.sources import ROOT

NOQA = re.compile(r"#\s*noqa\b:?\s*(?P<codes>[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?(?P<rest>.*)")
FOLDERS = ("application", "benchmarks", "catalog", "console", "domain", "graphql", "infrastructure", "tests")


def exceptions(text: str) -> Iterator[tuple[int, str, str]]:
    """Each exception in a text: its line, the codes it names, and the ground after them."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (found := NOQA.search(token.string)):
            yield token.start[0], found["codes"] or "", found["rest"].strip(" -#")


def test_each_exception_names_its_checks_and_its_ground():
    """An exception without a code silences everything, and one without a ground nobody dares to remove."""
    found, bare = 0, []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, codes, ground in exceptions(path.read_text(encoding="utf-8")):
                found += 1
                if not codes or len(ground) < 5:
                    bare.append(f"{path.relative_to(ROOT)}:{line}")
    assert found > 50
    assert bare == []


def test_what_is_bare_is_found():
    """An exception without codes, and one without a ground, are seen; one in a text is none."""
    text = "a = 1  # noqa\nb = 2  # noqa: E501\nc = 3  # noqa: E501, S608 - a constant\nd = '# noqa'\n"
    assert list(exceptions(text)) == [(1, "", ""), (2, "E501", ""), (3, "E501, S608", "a constant")]
