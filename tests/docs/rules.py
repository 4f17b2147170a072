"""``docs/rules.md``: the rules by event, printed from the lists that guard the commands: ``python -m tests.docs.rules``."""

from __future__ import annotations

from typing import Final

from domain.guards import Asks
from domain.streams import AGGREGATES
from tests.sources import ROOT

PAGE: Final = ROOT / "docs" / "rules.md"
_HEAD: Final = """# Rules

What must hold before each event is recorded: who may, what may, and when. A command runs its event's list and answers with the
first refusal; the re-check of a recorded history (`application/replay_audit.py`) runs the same list over what was recorded, with
the directory and the catalogs of that day, and names every breach. There is no second copy of any rule.

Printed from `GUARDS` in `domain/` by `python -m tests.docs.rules`; a test keeps it so. Beside the guards, two rules hold for every
stream: its versions have no gap, and no event is recorded before the one it follows.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for aggregate in AGGREGATES:
        parts.append(f"## {aggregate.TOPIC}\n")
        for kind, guards in aggregate.GUARDS.items():
            parts.append(f"### `{kind.TOPIC}`\n\n{' '.join((kind.__doc__ or '').split())}\n")
            if not guards:
                parts.append("No rule beyond those of every stream.\n")
                continue
            rows = [
                f"| {asks} | `{each.name}` | {each.sentence} | {each.ground} |"
                for asks in Asks
                for each in guards
                if each.asks is asks
            ]
            parts.append(
                "| Asks | Rule | What must hold | Ground |\n|---|---|---|---|\n" + "\n".join(dict.fromkeys(rows)) + "\n"
            )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
