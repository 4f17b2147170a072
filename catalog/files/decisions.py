"""Decisions of before the registry from a table, as offices kept them: a row a title that was recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.tables import Heads, rows_of
from domain.messages import Message, tell

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "holder", "姓名", "持证人", "持证人姓名", "申请人", "申请人姓名"),
    "id_type": ("id type", "kind of document", "证件类型", "身份证件类型"),
    "id_number": ("id number", "identity number", "证件号码", "身份证号", "身份证号码", "身份证件号码"),
    "certificate": ("certificate", "certificate name", "qualification", "证书名称", "境外职业资格名称", "职业资格名称", "资格名称"),
    "issuer": ("issuer", "issuing body", "证书颁发机构", "颁发机构", "发证机构", "颁证机构"),
    "certificate_number": ("certificate number", "证书编号", "证书号"),
    "certificate_grade": ("certificate grade", "证书等级"),
    "issued_on": ("issued on", "发证日期", "颁发日期"),
    "expires_on": ("expires on", "有效期至", "证书有效期至"),
    "authority": ("authority", "authority code", "审核单位", "审核单位代码", "认定单位", "认定单位代码"),
    "work_field": ("work field", "专业领域", "从事专业", "现从事专业"),
    "catalog": ("catalog", "catalog code", "目录", "目录代码"),
    "version": ("version", "catalog version", "目录版本", "版本"),
    "entry": ("entry", "entry number", "目录序号", "条目序号", "条目"),
    "grade": ("grade", "等级", "比照等级"),
    "submitted_on": ("submitted on", "申请日期", "受理日期", "申报日期"),
    "decided_on": ("decided on", "recognised on", "认定日期", "审核日期", "发文日期"),
    "work_consistent": ("work consistent", "专业一致", "从事专业一致", "专业是否一致"),
    "months": ("months", "counted months", "counted experience months", "计入月数", "境外从业月数"),
    "reference": ("reference", "decision number", "文号", "认定文号", "发文字号"),
    "decision": ("decision", "outcome", "认定结果", "审核结果", "结论"),
}  # fmt: skip
"""Heads that offices write for each column; compared without white space, underscores, case and width."""
NEEDED: Final = frozenset(
    {"name", "id_number", "certificate", "authority", "work_field", "entry", "submitted_on", "decided_on"}
)
"""Columns without which there is no decision in a row."""

_NAMED: Final = "姓名、证件号码、证书名称、审核单位代码、专业领域、目录序号、申请日期、认定日期"


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as a table gives it. ``row`` counts from 1 over all sheets in their order, as far as they are read.

    ``place`` is the row as a reader of its sheet counts; ``problems`` say what of the row could not be read, each with its place.
    """

    row: int
    cells: Mapping[str, str]
    place: str
    problems: tuple[Message, ...] = ()


def decisions_of(data: bytes, name: str, left_out: list[Message] | None = None) -> tuple[DecisionRow, ...]:
    """The decisions of a CSV or XLSX file, in its order; blank rows are passed over, and what is hidden is left out and told to
    ``left_out``, a sentence each.

    Raises ``FileRefused`` with what is wrong with the file.
    """
    rows = tuple(
        DecisionRow(
            number,
            {name: cell.text for name, cell in row.cells.items()},
            f"{row.sheet}!{row.row}" if row.sheet else str(row.row),
            row.problems,
        )
        for number, row in enumerate(rows_of(data, name, Heads(HEADS, NEEDED), left_out), 1)
    )
    if not rows:
        message = tell("fault.no_decisions", heads=_NAMED)
        raise FileRefused(name, (Fault(FaultCode.HEADER_MISSING, message),))
    return rows
