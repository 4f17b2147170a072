"""The permission matrix: ``python -m application.permissions`` prints ``docs/permissions.md`` from the policy itself."""

from __future__ import annotations

from typing import Final

from application.access import ROLES, Action, reads_personal_data
from domain.values import Actor, Role

_COLUMNS: Final[tuple[Role | None, ...]] = (None, *Role)
_HEAD: Final = """# Who may do what

Printed from `application/access.py` by `python -m application.permissions`; a test keeps it so. A ● says that the role may
ask; which rows it then sees or changes is the second table, and the domain's own rules (jurisdiction on the day, own case,
second officer) come after both. What a role may not see looks as if it were not there.
"""
_SCOPES: Final = """
| Role | Rows of cases and titles | Persons |
|---|---|---|
| anonymous | a title by certificate number and full name, few a minute | masked |
| APPLICANT | those they submitted or hold | in clear, recorded |
| REVIEWER | those of the authority's division and below, and their own | in clear, recorded |
| ADMINISTRATOR | all | masked |
| AUDITOR | all | masked; in clear with `X-Access-Reason`, recorded |
| VERIFIER | titles | masked |
| PRIVACY_OFFICER | all, restricted ones too | in clear, recorded |
| SYSTEM | all | in clear, recorded |

Data that is restricted (kept, not processed) is shown to privacy officers alone, and no decision is taken on it. Each request that
shows a person in clear leaves one row in the access log: who, when, why, of whom, which kinds of fields, and no value; where the
row cannot be written, nothing is shown (`ACCESS_NOT_RECORDED`).
"""


def matrix() -> str:
    """The matrix and the scopes, as Markdown."""
    names = ["anonymous" if role is None else role.value for role in _COLUMNS]
    lines = [f"| Action | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for action in Action:
        marks = ["●" if role in ROLES[action] else "" for role in _COLUMNS]
        lines.append(f"| {action.value} | {' | '.join(marks)} |")
    clear = ["●" if role and reads_personal_data(Actor(subject="x", role=role)) else "" for role in _COLUMNS]
    lines.append(f"| persons in clear, without a reason | {' | '.join(clear)} |")
    return _HEAD + "\n" + "\n".join(lines) + "\n" + _SCOPES


def main() -> None:
    """Print ``docs/permissions.md``."""
    print(matrix(), end="")  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
