"""The public catalog: search and facets, an entry with its history, versions on a line, one version against another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from starlette.responses import Response

from application.access import Action
from console.web.asking import document
from console.web.tabular import told
from console.web.visit import NoPage, Visit, WebPage
from domain.values import FIELD_SEPARATOR, SHANGHAI

AT_ONCE: Final = 200
"""Entries that the API answers at once."""
MOST_ENTRIES: Final = 20_000
"""Entries of a version up to which facets count."""
SHOWN_ROWS: Final = 200
"""Entries on a page."""
_FACETS: Final = ("field", "issuingBody", "title", "level")


def instant_of(text: str) -> str | None:
    """What a page's field for an instant holds, a wall clock's time in Shanghai, as the API takes it. Raises ``NoPage``."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).isoformat()
    except ValueError:
        raise NoPage(400, "error.no_instant") from None


def day_of(text: str) -> str | None:
    """A day as the API takes it. Raises ``NoPage``."""
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise NoPage(400, "error.no_day") from None


async def catalogs(visit: Visit) -> Response:
    """Every catalog."""
    data = await visit.ask("catalogs")
    return visit.page("catalogs", rows="catalogs", catalogs=data["catalogs"])


async def entries(visit: Visit) -> Response:
    """The entries of a catalog: in force on a day as known at an instant, narrowed by words and facets."""
    code = visit.request.path_params["code"]
    catalog = await whole(
        visit,
        "entries",
        code=code,
        number=visit.number("version"),
        on=day_of(visit.query("on")),
        known=instant_of(visit.query("known")),
        search=visit.query("q"),
    )
    version = catalog["version"]
    listed = version["entries"]["nodes"] if version else []
    chosen = {name: visit.query(name) for name in _FACETS}
    shown = [each for each in listed if all(not chosen[name] or chosen[name] in facet(each, name) for name in _FACETS)]
    if version:
        version["entries"]["nodes"] = shown
    begin = min(visit.number("from") or 0, max(len(shown) - 1, 0))
    return visit.page(
        "entries",
        rows="catalog.version.entries.nodes",
        catalog=catalog,
        version=version,
        entries=shown[begin : begin + SHOWN_ROWS],
        count=len(shown),
        begin=begin,
        step=SHOWN_ROWS,
        total=version["entries"]["totalCount"] if version else 0,
        facets={name: counted(shown, name) for name in _FACETS},
        chosen=chosen,
    )


async def whole(visit: Visit, name: str, **variables: Any) -> dict[str, Any]:
    """A catalog with all entries of the version asked for, page after page, so that facets count every one of them."""
    catalog: dict[str, Any] = visit.found((await visit.ask(name, first=AT_ONCE, **variables))["catalog"])
    asked, found = len(visit.asked), catalog["version"]
    while found and found["entries"]["pageInfo"]["hasNextPage"] and len(found["entries"]["nodes"]) < MOST_ENTRIES:
        after = found["entries"]["pageInfo"]["endCursor"]
        more = (await visit.told(document(name), _given(variables) | {"first": AT_ONCE, "after": after}))["catalog"]
        found["entries"]["nodes"] += more["version"]["entries"]["nodes"]
        found["entries"]["pageInfo"] = more["version"]["entries"]["pageInfo"]
    del visit.asked[asked:]
    return catalog


def _given(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if value not in (None, "")}


def facet(entry: Mapping[str, Any], name: str) -> Sequence[str]:
    """What an entry counts as under a facet: several fields in one text are several."""
    match name:
        case "field":
            return [part.strip() for part in re.split(FIELD_SEPARATOR, entry["field"]) if part.strip()]
        case "issuingBody":
            return [entry["issuingBody"]]
    return list(dict.fromkeys(award[name] for award in entry["awards"]))


def counted(listed: Sequence[Mapping[str, Any]], name: str) -> Sequence[tuple[str, int]]:
    """The values of a facet, the most frequent first."""
    counts = Counter(value for each in listed for value in facet(each, name))
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


async def entry(visit: Visit) -> Response:
    """One entry: what it is today, every content it had, each with the notice that brought it, and its other names."""
    params = visit.request.path_params
    data = await visit.ask("entry", code=params["code"], number=params["number"])
    catalog = visit.found(data["catalog"])
    if not catalog["entryHistory"]:
        raise NoPage(404, "error.missing")
    notices = {each["number"]: each for each in catalog["versions"]}
    return visit.page("entry", rows="catalog.entryHistory", catalog=catalog, number=params["number"], notices=notices)


async def versions(visit: Visit) -> Response:
    """Every version of a catalog on a line, the latest first."""
    data = await visit.ask("versions", code=visit.request.path_params["code"])
    return visit.page("versions", rows="catalog.versions", catalog=visit.found(data["catalog"]))


async def version(visit: Visit) -> Response:
    """What one version changed, and by which notice."""
    params = visit.request.path_params
    data = await visit.ask("version", code=params["code"], number=params["version"])
    catalog = visit.found(data["catalog"])
    return visit.page(
        "version", rows="catalog.version.changes", catalog=catalog, version=visit.found(catalog["version"])
    )


async def compare(visit: Visit) -> Response:
    """One version against another: what came, what went, what reads otherwise."""
    code = visit.request.path_params["code"]
    latest = visit.found((await visit.ask("versions", code=code))["catalog"])["versions"]
    last = latest[-1]["number"]
    one, other = visit.number("a") or max(1, last - 1), visit.number("b") or last
    catalog = await whole(visit, "compare", code=code, number=one)
    against = await whole(visit, "compare", code=code, number=other)
    if catalog["version"] is None or against["version"] is None:
        raise NoPage(404, "error.missing")
    differences = between(catalog["version"]["entries"]["nodes"], against["version"]["entries"]["nodes"])
    visit.data = {"differences": differences}
    visit.asked.reverse()
    return visit.page(
        "compare", rows="differences", catalog=catalog, versions=latest, a=one, b=other, differences=differences
    )


def between(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """What differs between two lists of entries, by number: the entry and each field that reads otherwise."""
    old, new = {each["number"]: each for each in before}, {each["number"]: each for each in after}
    found = []
    for number in sorted(old.keys() | new.keys()):
        was, now = old.get(number), new.get(number)
        if was == now:
            continue
        kind = "ADDED" if was is None else "WITHDRAWN" if now is None else "REVISED"
        fields = [
            {"name": name, "before": told((was or {}).get(name)), "after": told((now or {}).get(name))}
            for name in (now or was or {})
            if (was or {}).get(name) != (now or {}).get(name)
        ]
        found.append(
            {"number": number, "kind": kind, "name": (now or was or {})["qualificationName"], "fields": fields}
        )
    return found


PAGES: Final = (
    WebPage("/catalogs", catalogs, Action.READ_CATALOG),
    WebPage("/catalogs/{code}", entries, Action.READ_CATALOG),
    WebPage("/catalogs/{code}/versions", versions, Action.READ_CATALOG),
    WebPage("/catalogs/{code}/versions/{version:int}", version, Action.READ_CATALOG),
    WebPage("/catalogs/{code}/compare", compare, Action.READ_CATALOG),
    WebPage("/catalogs/{code}/entries/{number:int}", entry, Action.READ_CATALOG),
)
