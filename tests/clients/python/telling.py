"""What the clients in Python are told, and how they say what they saw; the same as in `src/asking.ts`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

URL = os.environ["REGISTRY_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['REGISTRY_TOKEN']}"}
CASE = os.environ["REGISTRY_CASE"]
PAST = f"{CASE}@2"
STATES = json.loads(os.environ["REGISTRY_STATES"])
STATUSES, TITLES = [status for status, _ in STATES], [title for _, title in STATES]


class Checks:
    """What was compared, and what differed."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.count = 0

    def same(self, what: str, found: object, wanted: object) -> None:
        """Compare; enumerations count as their values."""
        self.count += 1
        plain = json.loads(json.dumps(found))
        if plain != wanted:
            self.wrong.append(f"{what}: {plain} instead of {wanted}")

    def told_apart(self, present: Any, past: Any, history: list[Any]) -> None:
        """The present is revoked, the second state matched, and each state is what it was."""
        self.same("the present", [present["id"], present["status"]], [CASE, "REVOKED"])
        self.same("the past", [past["id"], past["status"]], [PAST, "MATCHED"])
        states = [event["state"] for event in history]
        self.same("each state", [state["status"] for state in states], STATUSES)
        self.same("each title", [state["title"] and state["title"]["status"] for state in states], TITLES)

    def said(self, done: str) -> None:
        """Say it as one line of JSON, and end."""
        print(json.dumps({"done": f"{done}; {self.count} checks", "wrong": self.wrong}))  # noqa: T201 - this is its output
        sys.exit(bool(self.wrong))
