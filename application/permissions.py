"""The permission matrix: ``python -m application.permissions`` prints ``docs/permissions.md`` from the policy itself."""

from __future__ import annotations

from typing import Final

from application.access import ACCOUNT, RIGHTS, Action, Persons, Right
from domain.values import Role

_HEAD: Final = """# Who may do what

Printed from `application/access.py` by `python -m application.permissions`; a test keeps it so. A ● says that the role may
ask; which rows it then sees or changes is the second table, and the domain's own rules (jurisdiction on the day, own case,
second officer) come after both. What a role may not see looks as if it were not there.

`account` is an account of the operating system on the command line, where no token is given: recorded as `os:<uid>/<name>@<host>` in
the role ADMINISTRATOR, a subject that no token bears, and one person to every rule that asks for two.
"""
_FOOT: Final = """
Data that is restricted (kept, not processed) is shown to privacy officers alone, and no decision is taken on it. Each request that
shows a person in clear leaves one row in the access log: who, when, why, of whom, which kinds of fields, and no value; where the
row cannot be written, nothing is shown (`ACCESS_NOT_RECORDED`).
"""


def matrix() -> str:
    """The matrix and what each role sees, as Markdown."""
    rights: dict[str, Right | None] = {
        "anonymous" if role is None else role.value: RIGHTS.get(role) for role in (None, *Role)
    }
    rights["account"] = ACCOUNT
    lines = [f"| Action | {' | '.join(rights)} |", "|---" * (len(rights) + 1) + "|"]
    for action in Action:
        marks = ["●" if right and action in right.actions else "" for right in rights.values()]
        lines.append(f"| {action.value} | {' | '.join(marks)} |")
    lines += ["", "| Role | Rows of cases and titles | Persons in these rows |", "|---|---|---|"]
    for name, right in rights.items():
        lines.append(f"| {name} | {right.rows if right else 'none'} | {right.persons if right else Persons.MASKED} |")
    return _HEAD + "\n" + "\n".join(lines) + "\n" + _FOOT


def main() -> None:
    """Print ``docs/permissions.md``."""
    print(matrix(), end="")  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
