"""The data of a page as a table for offices: one row a thing, one column a field."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from catalog.files.delimited import guarded


def as_csv(data: Mapping[str, Any], rows: str | None) -> bytes:
    """The rows that stand in the data at a path of names with points between; the whole data as one row where there is none.

    UTF-8 with a mark, by which office programs know it; a text that begins like a formula gets an apostrophe in front.
    """
    found: Any = data
    for name in (rows or "").split(".") if rows else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found or {}]
    flat = [dict(_cells("", each)) for each in listed]
    heads = list(dict.fromkeys(name for each in flat for name in each))
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    for each in flat:
        writer.writerow([guarded(each.get(name, "")) for name in heads])
    return text.getvalue().encode("utf-8-sig")


def _cells(name: str, value: Any) -> list[tuple[str, str]]:
    match value:
        case Mapping():
            return [cell for key, each in value.items() for cell in _cells(f"{name}.{key}" if name else key, each)]
        case list() if all(isinstance(each, Mapping) for each in value):
            return [(name, "；".join(" ".join(text for _, text in _cells("", each) if text) for each in value))]
        case list():
            return [(name, "、".join(map(str, value)))]
        case None:
            return [(name, "")]
        case bool():
            return [(name, "true" if value else "false")]
    return [(name, str(value))]


def told(value: Any) -> str:
    """A field of an entry as text."""
    if isinstance(value, list):
        return "、".join(f"{each['grade'] or ''} {each['title']}".strip() for each in value)
    return "" if value is None else str(value)
