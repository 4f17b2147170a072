"""Automatic persisted queries: the handshake of GraphQL clients, what is kept, for whom, and for how long."""

import itertools
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.transport.conftest import running
from tests.transport.sample import sample_app
from transport.limits import Limits
from transport.negotiation import GRAPHQL_RESPONSE, JSON
from transport.persisted import Caller, DocumentShelf, PersistedDocuments

TOKEN = {"Authorization": "Bearer good"}
_names = itertools.count(1)


def document(body: str = "{ actor }") -> str:
    """A document that no other test has sent."""
    return f"query Q{next(_names)} {body}"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def extension(named: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": named}}


def post(server: str, headers: dict[str, str] | None = None, **members: Any) -> httpx.Response:
    return httpx.post(f"{server}/graphql", json=members, headers=headers)


def get(server: str, headers: dict[str, str] | None = None, **members: Any) -> httpx.Response:
    members = {name: each if isinstance(each, str) else json.dumps(each) for name, each in members.items()}
    return httpx.get(f"{server}/graphql", params=members, headers=headers)


def fault(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


@pytest.fixture
def small() -> Iterator[str]:
    """A server that keeps twelve documents a class of callers, and four of one caller; callers are their tokens."""

    def caller(request: Any, actor: Any) -> Caller:
        return Caller(known=actor == "alice", key=request.headers.get("x-from", str(actor)))

    kept = PersistedDocuments(entries=12, size=4_000, owners=3)
    with running(sample_app(persisted=kept, caller=caller, limits=Limits(cost=100))) as address:
        yield address


@pytest.mark.parametrize("send", [post, get])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE, "*/*"])
def test_the_handshake_of_clients(server: str, send: Any, accept: str) -> None:
    """An unknown hash is a 200 with what clients look for; hash and document are answered; from then on the hash alone is."""
    text = document("($t: String!) { book(title: $t) { title } }")
    known = {"extensions": extension(digest(text)), "variables": {"t": "水"}}
    headers = {"Accept": accept}
    unknown = send(server, headers, **known)
    assert unknown.status_code == 200
    assert unknown.headers["cache-control"] == "no-store"
    [error] = unknown.json()["errors"]
    assert error["message"] == "PersistedQueryNotFound"
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" not in unknown.json()
    answer = {"data": {"book": {"title": "水"}}}
    assert send(server, headers, query=text, **known).json() == answer
    assert send(server, headers, **known).json() == answer
    assert post(server, headers, query="", **known).json() == answer
    assert post(server, headers, query=None, **known).json() == answer
    upper = {**known, "extensions": extension(digest(text).upper())}
    assert send(server, headers, **upper).json() == answer


@pytest.mark.parametrize("send", [post, get])
def test_a_hash_of_another_document_is_refused(server: str, send: Any) -> None:
    """Nobody stores a document under another's hash; neither is then known."""
    text, other = document(), document("{ broken }")
    wrong = send(server, query=other, extensions=extension(digest(text)))
    assert fault(wrong) == (400, "BAD_REQUEST")
    assert "SHA-256" in wrong.json()["errors"][0]["message"]
    for each in (text, other):
        assert fault(send(server, extensions=extension(digest(each))))[1] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "named",
    [
        "x",
        1,
        [],
        True,
        {},
        {"version": 1},
        {"sha256Hash": "0" * 64},
        {"version": 2, "sha256Hash": "0" * 64},
        {"version": "1", "sha256Hash": "0" * 64},
        {"version": True, "sha256Hash": "0" * 64},
        {"version": 1, "sha256Hash": "0" * 63},
        {"version": 1, "sha256Hash": "0" * 65},
        {"version": 1, "sha256Hash": "0" * 64 + "\n"},
        {"version": 1, "sha256Hash": "g" * 64},
        {"version": 1, "sha256Hash": "０" * 64},
        {"version": 1, "sha256Hash": None},
        {"version": 1, "sha256Hash": ["0" * 64]},
    ],
)
@pytest.mark.parametrize("query", [None, "{ actor }"])
def test_a_malformed_extension_is_refused(server: str, named: Any, query: str | None) -> None:
    """By POST and GET alike, with a document or without, in a sentence that names the member."""
    members = {"extensions": {"persistedQuery": named}} | ({"query": query} if query else {})
    for refused in (post(server, **members), get(server, **members)):
        assert fault(refused) == (400, "BAD_REQUEST")
        assert "extensions.persistedQuery" in refused.json()["errors"][0]["message"]


def test_without_the_extension_a_document_is_needed(server: str) -> None:
    """An extension that is null or another's is none."""
    for extensions in (None, {}, {"persistedQuery": None}, {"tracing": True}):
        assert fault(post(server, extensions=extensions)) == (400, "BAD_REQUEST")
    assert post(server, query="{ actor }", extensions={"persistedQuery": None}).json() == {"data": {"actor": "guest"}}
    for query in (" ", 1, [], {}, True):
        assert fault(post(server, query=query, extensions=extension("0" * 64))) == (400, "BAD_REQUEST")


def test_a_hash_opens_nothing_that_the_document_would_not(small: str) -> None:
    """Cost by variables, method, identity and variables are checked anew, each time the hash is named."""
    costly = document("($n: Int) { books(first: $n) { title } }")
    change = document("{ x }").replace("query", "mutation").replace("{ x }", '{ rename(title: "x") { title } }')
    named = {"extensions": extension(digest(costly))}
    assert "data" in post(small, query=costly, variables={"n": 3}, **named).json()
    assert fault(post(small, variables={"n": 200}, **named))[1] == "LIMIT_COST"
    assert fault(get(small, variables={"n": 200}, **named))[1] == "LIMIT_COST"
    typed = document("($t: String!) { book(title: $t) { title } }")
    named = {"extensions": extension(digest(typed))}
    assert "data" in post(small, query=typed, variables={"t": "x"}, **named).json()
    assert fault(post(small, variables={"t": 1}, **named))[1] == "BAD_USER_INPUT"
    named = {"extensions": extension(digest(change))}
    assert "data" in post(small, query=change, **named).json()
    assert fault(get(small, **named)) == (405, "METHOD_NOT_ALLOWED")
    assert fault(post(small, {"Authorization": "Bearer bad"}, **named)) == (401, "UNAUTHENTICATED")
    who = document()
    post(small, TOKEN, query=who, extensions=extension(digest(who)))
    assert post(small, TOKEN, extensions=extension(digest(who))).json() == {"data": {"actor": "alice"}}


def test_only_valid_documents_are_kept(small: str) -> None:
    """What does not parse, validate or stay within a limit is not there afterwards."""
    aliases = " ".join(f"a{index}: actor" for index in range(60))
    for text in (document("{"), document("{ nothing }"), document("{ " + aliases + " }")):
        named = {"extensions": extension(digest(text))}
        assert "errors" in post(small, query=text, **named).json()
        assert fault(post(small, **named))[1] == "PERSISTED_QUERY_NOT_FOUND"


def test_the_least_recently_used_leaves_and_can_come_back(small: str) -> None:
    """One caller has a share; what they used last stays; what left is asked for again and taken."""
    texts = [document() for _ in range(4)]
    for text in texts:
        post(small, query=text, extensions=extension(digest(text)))
    assert "data" in post(small, extensions=extension(digest(texts[0]))).json()
    fifth = document()
    post(small, query=fifth, extensions=extension(digest(fifth)))
    assert "data" in post(small, extensions=extension(digest(texts[0]))).json()
    assert fault(post(small, extensions=extension(digest(texts[1])))) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert "data" in post(small, query=texts[1], extensions=extension(digest(texts[1]))).json()
    assert "data" in post(small, extensions=extension(digest(texts[1]))).json()


def test_a_flood_without_tokens_evicts_nobody_with_one(small: str) -> None:
    """Not from one address, nor from many; and one caller evicts no other."""
    text = document()
    named = {"extensions": extension(digest(text))}
    post(small, TOKEN, query=text, **named)
    assert fault(post(small, **named))[1] == "PERSISTED_QUERY_NOT_FOUND"  # each class has its own
    other = document()
    post(small, {"X-From": "neighbour"}, query=other, extensions=extension(digest(other)))
    for index in range(30):
        flood = document()
        post(small, {"X-From": "flood"}, query=flood, extensions=extension(digest(flood)))
        if index == 20:
            assert "data" in post(small, {"X-From": "third"}, extensions=extension(digest(other))).json()
    for index in range(30):
        flood = document()
        post(small, {"X-From": f"flood-{index}"}, query=flood, extensions=extension(digest(flood)))
    assert fault(post(small, extensions=extension(digest(other))))[1] == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" in post(small, TOKEN, **named).json()


def test_a_document_with_a_text_in_it_is_its_owners(small: str) -> None:
    """Who guesses a document about a person does not learn from its hash that somebody asked it."""
    literal = document('{ book(title: "330106198001011235") { title } }')
    post(small, {"X-From": "one"}, query=literal, extensions=extension(digest(literal)))
    assert "data" in post(small, {"X-From": "one"}, extensions=extension(digest(literal))).json()
    refused = post(small, {"X-From": "two"}, extensions=extension(digest(literal)))
    assert fault(refused)[1] == "PERSISTED_QUERY_NOT_FOUND"
    bare = document()
    post(small, {"X-From": "one"}, query=bare, extensions=extension(digest(bare)))
    assert "data" in post(small, {"X-From": "two"}, extensions=extension(digest(bare))).json()


def test_bytes_are_bounded_as_numbers_are() -> None:
    """Of all and of one owner, in UTF-8; a document larger than a share is not kept; what is forgotten is gone."""
    shelf = DocumentShelf(entries=100, size=300, owners=2)
    for index in range(10):
        shelf.keep("one", f"{index}", "书" * 20, quotes=False)
    assert len(shelf) == 2
    assert [shelf.find("one", f"{index}") is not None for index in range(10)] == [False] * 8 + [True] * 2
    shelf.keep("two", "large", "x" * 151, quotes=False)
    assert shelf.find("two", "large") is None
    for index in range(10):
        shelf.keep(f"owner {index}", f"of {index}", "x" * 100, quotes=False)
    assert len(shelf) == 3
    shelf.clear()
    assert len(shelf) == 0
    shelf.keep("one", "again", "x" * 150, quotes=True)
    assert shelf.find("one", "again")
