"""Certificates from a table, as offices list them: a name, an issuer and a grade under whatever heads they chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.tables import Heads, read_rows
from domain.messages import Message, tell

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        "name", "certificate", "certificate name", "qualification", "qualification name", "title of certificate",
        "证书名称", "证书", "资格名称", "职业资格名称", "境外职业资格名称", "境外职业资格", "名称", "资格",
        "證書名稱", "證書", "資格名稱", "名稱", "資格名", "資格", "認定名", "証明書", "Bezeichnung", "Abschluss",
    ),
    "issuer": (
        "issuer", "issuing body", "issuing_body", "issuingBody", "issued by", "authority",
        "证书颁发机构", "颁发机构", "颁证机构", "发证机构", "发证单位", "机构", "證書頒發機構", "頒發機構", "發證機構", "機構", "発行者", "発行機関", "認定機関", "Aussteller", "Kammer",
    ),
    "grade": ("grade", "level", "class", "等级", "级别", "资格等级", "证书等级", "等級", "級別", "級", "Stufe"),
}  # fmt: skip
"""Heads that offices write for each column; compared without white space, underscores, case and width."""


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate as a table gives it. ``row`` counts from 1 as a reader counts; ``sheet`` is None in a text.

    ``problems`` say what of the row could not be read, each with its place: then the row is not judged by the rest alone.
    """

    row: int
    name: str
    issuer: str = ""
    grade: str | None = None
    sheet: str | Message | None = None
    problems: tuple[Message, ...] = ()


def read_certificates(source: Path, left_out: list[Message] | None = None) -> tuple[CertificateRow, ...]:
    """The certificates of a CSV or XLSX file, in its order; blank rows are passed over, a row without a name is kept,
    and what is hidden is left out and told to ``left_out``, a sentence each.

    Raises ``FileRefused`` with what is wrong with the file, ``OSError`` where it can't be read.
    """
    rows = tuple(
        CertificateRow(
            row.row,
            row.cell("name").text,
            row.cell("issuer").text,
            row.cell("grade").text.strip() or None,
            row.sheet,
            row.problems,
        )
        for row in read_rows(source, Heads(HEADS, {"name"}), left_out)
    )
    if not rows:
        message = tell("fault.no_certificates", heads="证书名称、颁发机构、等级")
        raise FileRefused(source.name, (Fault(FaultCode.HEADER_MISSING, message),))
    return rows
