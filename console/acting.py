"""Who acts on the command line, and what an official act needs to say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from console.talk import fail
from domain.values import Actor, Provenance, Role

As = Annotated[str | None, typer.Option("--as", metavar="SUBJECT", help="The administrator who acts.")]
NoticeTitle = Annotated[str | None, typer.Option("--notice", help="The title of the notice behind it.")]
NoticeNumber = Annotated[str | None, typer.Option("--notice-number", help="The notice's number, where it has one.")]
EffectiveFrom = Annotated[
    datetime | None, typer.Option("--effective", formats=["%Y-%m-%d"], help="The day it takes effect.")
]


def provenance(subject: str | None) -> Provenance:
    """The administrator named by ``--as``; whoever has the database's rights may name one."""
    if not subject or not subject.strip():
        fail("This is an administrator's act; say whose with --as SUBJECT. Proposing and issuing take two.")
    return Provenance(actor=Actor(subject=subject.strip(), role=Role.ADMINISTRATOR), client="command line")
