"""A GraphQL client in a page: what the demonstration and the command line send over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from console.language import spoken, worded
from console.talk import UNUSABLE
from domain.messages import SpokenError, tell


class GraphQLFailed(SpokenError):
    """The server answered with errors, or not at all; ``ends`` is the exit code of a command that ends so."""

    ends: int = UNUSABLE


def ask(
    url: str, document: str, variables: Mapping[str, Any] | None = None, token: str | None = None
) -> dict[str, Any]:
    """Send one operation and answer its data. Raises ``GraphQLFailed``."""
    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
    headers["Accept-Language"] = spoken().value
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps({"query": document, "variables": dict(variables or {})}).encode()
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the caller's own server
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - the caller's own server
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        answer = _errors_of(error)
    except OSError as error:
        raise GraphQLFailed(tell("said.http.nobody_answers", url=url, reason=str(error))) from error
    if answer.get("errors"):
        raise GraphQLFailed(tell("said.http.errors", errors="; ".join(error["message"] for error in answer["errors"])))
    data: dict[str, Any] = answer["data"]
    return data


def upload(url: str, content: bytes, id_number: str, token: str) -> str:
    """Upload an evidence file of a person, to the server whose GraphQL stands at ``url``; its SHA-256. Raises ``GraphQLFailed``."""
    headers = {"Content-Type": "application/pdf", "X-Holder-Id-Number": id_number, "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(urljoin(url, "/evidence"), content, headers)  # noqa: S310 - the caller's own server
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - the caller's own server
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise GraphQLFailed(tell("said.http.file_not_taken", status=error.code, reason=error.reason)) from error
    return str(answer["sha256"])


def _errors_of(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.load(error)
    except ValueError:
        said = tell("said.http.answered", status=error.code, reason=error.reason)
        return {"errors": [{"message": worded(said)}]}
    return answer
