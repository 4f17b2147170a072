"""An attestation of a title, to be downloaded by whoever the API gives one to: a page that says what it is, and the document."""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.responses import Response

from application.access import Action
from console.web.asking import fetched
from console.web.visit import Visit, WebPage


async def attestation(visit: Visit) -> Response:
    """What an attestation says and to whom; by its button one is made, since each has an entry of its own in a status list."""
    data = await visit.ask("attestation", number=visit.request.path_params["number"])
    case = visit.found(data["case"])
    title: dict[str, Any] = visit.found(case["title"])
    wrong = None
    if visit.request.method == "POST":
        await visit.guarded_form()
        answer = await fetched(visit.request, visit.asker, f"/titles/{title['id']}/attestation")
        if answer.status == 200:
            kept = {name: answer.headers[name] for name in ("content-disposition", "cache-control")}
            return visit.sent_file(Response(bytes(answer.body), 200, kept, answer.headers["content-type"]))
        wrong = orjson.loads(bytes(answer.body))["errors"][0]["message"]
    return visit.page("attestation", status=422 if wrong else 200, case=case, title=title, wrong=wrong)


PAGES: Final = (WebPage("/cases/{number}/attestation", attestation, Action.ATTEST, posts=True),)
