"""``recognition attest``: a title as a signed document that anybody verifies apart from the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.acting import Token
from console.case_reading import Reason, record, viewer_of
from console.opened import answered, reading, which_registry
from console.options import AsJson
from console.talk import REFUSED, fail, note, print_json, say
from domain.messages import tell

if TYPE_CHECKING:
    from application.viewing import Viewer
    from application.views import TitleView
    from infrastructure.standing import StandingRegistry


def attest(
    title: Annotated[str, typer.Argument(help="help.attest.title")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="help.attest.out")] = None,
    reason: Reason = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition attest``: see ``command.attest``."""
    from application.access import Action
    from infrastructure.private_files import write_private

    async def ask() -> str | None:
        found = await _title(registry, viewer, title)
        if found is None:
            return None
        document = await registry.attestations.attest(viewer, found)
        await record(registry, viewer, "attest")
        return document

    with reading() as registry:
        viewer = viewer_of(registry, token, Action.ATTEST, reason)
        document = answered(registry, ask)
    if document is None:
        fail(tell("said.attest.absent", title=title, where=which_registry()), REFUSED)
    if out is not None:
        write_private(out, document, replace=True)
        note(tell("said.attest.is_the_holders", file=str(out)), "dim")
    elif as_json:
        print_json({"attestation": document})
    else:
        say(document)


async def _title(registry: StandingRegistry, viewer: Viewer, named: str) -> TitleView | None:
    """The title of a case's number or of an identifier, where the viewer sees it by their office."""
    from uuid import UUID

    from application.queries import first, one_by_key
    from application.questions import case_numbered, titles_by_id
    from domain.identifiers import title_id

    try:
        wanted = UUID(named.removeprefix("title."))
    except ValueError:
        case = await first(registry.reads, case_numbered(viewer.scope, named))
        if case is None:
            return None
        wanted = title_id(case.case_id)
    found = (await one_by_key(registry.reads, titles_by_id(viewer.scope, [wanted]))).get(wanted)
    return found if found is not None and viewer.officially(found) else None
