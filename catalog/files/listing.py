"""JSON: a list of entries, or an object with one under ``entries``, in the API's names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_ROWS
from catalog.rows import CatalogColumn, Cell, RawRow, RowReader, join_list
from domain.messages import tell
from domain.values import CatalogEntry

KEYS: Final[Mapping[CatalogColumn, str]] = {
    CatalogColumn.NUMBER: "number",
    CatalogColumn.NAME: "qualificationName",
    CatalogColumn.TRANSLATED: "translatedName",
    CatalogColumn.ISSUER: "issuingBody",
    CatalogColumn.FIELD: "field",
    CatalogColumn.LABEL: "label",
    CatalogColumn.COUNTRY: "country",
    CatalogColumn.SERIES: "series",
    CatalogColumn.TIER: "tier",
    CatalogColumn.CONDITIONS: "conditions",
    CatalogColumn.VALID: "validUntil",
    CatalogColumn.REMARK: "remark",
}
"""The keys of an entry; ``awards`` holds objects with ``grade`` (or null), ``title`` and ``level``."""

_AWARD_KEYS: Final[Mapping[CatalogColumn, str]] = {
    CatalogColumn.GRADE: "grade",
    CatalogColumn.TITLE: "title",
    CatalogColumn.LEVEL: "level",
}


def as_json(entries: tuple[CatalogEntry, ...]) -> bytes:
    """Entries as a JSON object with one entry a line, UTF-8."""
    lines = ",\n".join(json.dumps(_plain(entry), ensure_ascii=False) for entry in entries)
    return f'{{"entries": [\n{lines}\n]}}\n'.encode()


def _plain(entry: CatalogEntry) -> dict[str, object]:
    further = {
        "label": entry.label,
        "country": entry.country,
        "series": entry.series,
        "tier": entry.tier,
        "conditions": entry.conditions,
        "validUntil": entry.valid_until.isoformat() if entry.valid_until else None,
        "remark": entry.remark,
    }
    awards = [{"grade": award.grade, "title": award.title, "level": award.level.value} for award in entry.awards]
    return {
        "number": entry.number,
        "qualificationName": entry.qualification_name,
        "translatedName": entry.translated_name,
        "issuingBody": entry.issuing_body,
        "field": entry.field,
        "awards": awards,
        **{key: text for key, text in further.items() if text is not None},
    }


def read_listing(text: str, reader: RowReader) -> None:
    """Give the entries of a JSON text to a reader; further keys are passed over, like further columns of a table."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = error.lineno if isinstance(error, json.JSONDecodeError) else None
        message = tell("fault.no_json")
        reader.faults.append(Fault(FaultCode.UNREADABLE, message, row=place))
        return
    items = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(items, list):
        message = tell("fault.no_list", form='{"entries": [{"number": 1, …}]}')
        reader.faults.append(Fault(FaultCode.HEADER_MISSING, message))
    elif len(items) > MAX_ROWS:
        reader.faults.append(Fault(FaultCode.TOO_MANY_ROWS, tell("fault.too_many_entries", most=MAX_ROWS)))
    else:
        for row, item in enumerate(items, start=1):
            if isinstance(item, dict):
                reader.read(RawRow(row, _cells(item, row)))
            else:
                reader.faults.append(
                    Fault(FaultCode.CELL_ERROR, tell("fault.no_object", form='{"number": 1, …}'), row=row)
                )


def _cells(item: Mapping[str, object], row: int) -> dict[CatalogColumn, Cell]:
    cells = {
        column: _cell(item.get(key), row, key, number=column is CatalogColumn.NUMBER) for column, key in KEYS.items()
    }
    awards = item.get("awards")
    if not isinstance(awards, list) or not all(isinstance(award, dict) for award in awards):
        return cells | {
            CatalogColumn.TITLE: Cell(
                "", row, "awards", tell("fault.awards_no_list", form='[{"title": …, "level": …}]')
            )
        }
    for column, key in _AWARD_KEYS.items():
        parts = [_cell(award.get(key), row, f"awards.{key}") for award in awards]
        problem = next((part.problem for part in parts if part.problem), None)
        cells[column] = Cell(join_list(part.text for part in parts), row, f"awards.{key}", problem)
    return cells


def _cell(value: object, row: int, key: str, *, number: bool = False) -> Cell:
    if number and isinstance(value, int) and not isinstance(value, bool):
        return Cell(str(value), row, key)
    if value is None or isinstance(value, str):
        return Cell(value or "", row, key)
    return Cell("", row, key, tell("fault.no_whole_number", key=key) if number else tell("fault.no_text", key=key))
