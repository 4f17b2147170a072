"""gql over WebSocket: its asynchronous client follows the titles that change, and goes on from the middle."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from typing import Any
from urllib.parse import urljoin

from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

URL = os.environ["REGISTRY_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['REGISTRY_TOKEN']}"}
QUERY = "subscription ($after: Position) { titleChanges(after: $after) { position status } }"


def pulled() -> list[dict[str, Any]]:
    """The changes as the pull feed has them."""
    request = urllib.request.Request(urljoin(URL, "/feed/titles?after=0"), headers=HEADERS)
    with urllib.request.urlopen(request, timeout=30) as response:
        lines = [json.loads(line) for line in response.read().splitlines()[:-1]]
    return [{"position": line["position"], "status": line["title"]["status"]} for line in lines]


async def told(after: str, count: int) -> list[dict[str, Any]]:
    """The first changes after a position."""
    transport = WebsocketsTransport(url=URL.replace("http", "ws", 1), init_payload=HEADERS)
    found: list[dict[str, Any]] = []
    async with Client(transport=transport, fetch_schema_from_transport=False) as session:
        request = gql(QUERY)
        request.variable_values = {"after": after}
        async for result in session.subscribe(request):
            found.append(result["titleChanges"])
            if len(found) == count:
                break
    return found


wanted = pulled()
middle = len(wanted) // 2
wrong = [
    f"after {after}: {found} instead of {rest}"
    for after, rest in (("0", wanted), (wanted[middle - 1]["position"], wanted[middle:]))
    if (found := asyncio.run(told(after, len(rest)))) != rest
]
print(json.dumps({"done": "graphql-transport-ws, gone on with from the middle; 2 checks", "wrong": wrong}))  # noqa: T201 - this is its output
sys.exit(bool(wrong))
