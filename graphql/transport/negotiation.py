"""Media types and languages: which the client sent, which it takes (GraphQL over HTTP, §4 and §6; RFC 9110 §12.5)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.messages import Language

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
HTML: Final = "text/html"


class MediaRange(NamedTuple):
    """One member of an Accept header."""

    kind: str
    quality: float
    charset: str


def language_of(accept: str | None) -> Language:
    """The language to answer in (RFC 9110, section 12.5.4): of those the registry speaks, the one with the highest quality.

    Of two with the same quality the first wins. Who names neither, or anything by ``*``, reads English.
    """
    best, quality = Language.EN, 0.0
    for each in media_ranges(accept or ""):
        tag = each.kind.partition("-")[0]
        named = Language.EN if tag == "*" else next((known for known in Language if known.value == tag), None)
        if named is not None and each.quality > quality:
            best, quality = named, each.quality
    return best


def content_type(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type header, in lower case; the charset defaults to utf-8."""
    kind, *parameters = header.lower().split(";")
    return kind.strip(), _parameter(parameters, "charset") or "utf-8"


def media_ranges(accept: str) -> Iterator[MediaRange]:
    """The members of an Accept header. A quality that is no number counts as 0: it was not a request for anything."""
    for member in accept.lower().split(","):
        kind, *parameters = member.split(";")
        if kind.strip():
            try:
                quality = float(_parameter(parameters, "q") or 1)
            except ValueError:
                quality = 0.0
            yield MediaRange(kind.strip(), quality, _parameter(parameters, "charset") or "utf-8")


def response_type(accept: str | None) -> str | None:
    """The media type to answer with, None if the client takes neither.

    Without a header or with a wildcard it is `application/json`: clients from before the specification expect it.
    Both asked for with the same quality, `application/graphql-response+json` wins.
    """
    if accept is None or not accept.strip():
        return JSON
    best: tuple[float, bool, bool, str] | None = None
    explicit = {each.kind: each.quality for each in media_ranges(accept)}
    for kind, quality, charset in media_ranges(accept):
        wildcard = kind in {"*/*", "application/*"}
        answer = JSON if wildcard else kind
        if answer not in {JSON, GRAPHQL_RESPONSE} or quality <= 0 or charset not in {"utf-8", "utf8"}:
            continue
        if wildcard and explicit.get(JSON) == 0:
            answer = GRAPHQL_RESPONSE
            if explicit.get(GRAPHQL_RESPONSE) == 0:
                continue
        rank = (quality, not wildcard, answer == GRAPHQL_RESPONSE, answer)
        best = max(best, rank) if best else rank
    return best[-1] if best else None


def prefers_html(accept: str | None) -> bool:
    """Whether a browser asks: HTML by name, and no GraphQL type by name with a higher quality."""
    qualities = {each.kind: each.quality for each in media_ranges(accept or "")}
    html = qualities.get(HTML, 0.0)
    return html > 0 and html >= max(qualities.get(JSON, 0.0), qualities.get(GRAPHQL_RESPONSE, 0.0))


def accepts_coding(accept: str | None, coding: str) -> bool:
    """Whether a client takes a content coding (RFC 9110, section 12.5.3): by name, or by a wildcard, with a quality above 0."""
    qualities = {each.kind: each.quality for each in media_ranges(accept or "")}
    return qualities.get(coding, qualities.get("*", 0.0)) > 0


def _parameter(parameters: list[str], name: str) -> str:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == name:
            return value.strip().strip('"')
    return ""
