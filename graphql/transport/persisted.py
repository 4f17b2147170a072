"""Automatic persisted queries: a client sends the SHA-256 of a document instead of the document, once the server knows it.

The handshake is the one that GraphQL clients share: ``extensions.persistedQuery`` holds ``version`` 1 and ``sha256Hash``. A
hash that is not known is answered PERSISTED_QUERY_NOT_FOUND; the client then sends hash and document, which are compared.
A persisted document is only a shorter way to say it: whoever asks, it is checked and counted like one that came whole.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from starlette.requests import Request

from domain.messages import Message, tell
from transport.documents import PreparedDocument
from transport.errors import BAD_REQUEST, ErrorCode, HttpRefusalError
from transport.parameters import GraphQLRequest
from transport.rates import address_of

_Key = tuple[str | None, str]
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """By what a caller is counted: whoever a token names, or else an address."""

    known: bool
    key: str


def by_address(request: Request, _actor: Any) -> Caller:
    """A caller of an application that tells nobody apart."""
    return Caller(known=False, key=address_of(request.scope))


def digest_in(extensions: Mapping[str, Any]) -> str | None:
    """The hash that a request names, in lower case; None where it names none. Raises HttpRefusalError (400)."""
    named = extensions.get("persistedQuery")
    if named is None:
        return None
    if not isinstance(named, dict):
        raise _malformed(tell("request.persisted_no_object"))
    version, digest = named.get("version"), named.get("sha256Hash")
    if version != 1 or isinstance(version, bool):
        raise _malformed(tell("request.persisted_version"))
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise _malformed(tell("request.persisted_no_hash"))
    return digest.lower()


class DocumentShelf:
    """Documents of one class of callers by their hash, the least recently used leaving first.

    Bounded by number and by bytes, and for each owner by a share of either, so that nobody alone empties it. A
    document with a text written into it is found by its owner only: such a text may be about a person, and whoever guessed it
    would learn from the hash that somebody asked.
    """

    def __init__(self, *, entries: int, size: int, owners: int) -> None:
        """``size`` in bytes; one owner has the part of either that is left where ``owners`` share alike."""
        self._entries, self._size, self._owners = entries, size, owners
        self._texts: OrderedDict[_Key, tuple[str, str]] = OrderedDict()
        self._owned: dict[str, OrderedDict[_Key, int]] = {}
        self._held = 0

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, owner: str, digest: str) -> str | None:
        """The document that this caller may name by a hash."""
        for key in ((None, digest), (owner, digest)):
            if key in self._texts:
                self._texts.move_to_end(key)
                text, keeper = self._texts[key]
                self._owned[keeper].move_to_end(key)
                return text
        return None

    def keep(self, owner: str, digest: str, text: str, *, quotes: bool) -> None:
        """Keep a document; one that ``quotes`` a text for its owner only."""
        key = (owner if quotes else None, digest)
        if key in self._texts:
            return
        size = len(text.encode())
        self._texts[key] = (text, owner)
        self._held += size
        owned = self._owned.setdefault(owner, OrderedDict())
        owned[key] = size
        while len(owned) * self._owners > self._entries or sum(owned.values()) * self._owners > self._size:
            self._drop(next(iter(owned)))
        while len(self._texts) > self._entries or self._held > self._size:
            self._drop(next(iter(self._texts)))

    def clear(self) -> None:
        """Forget every document."""
        self._texts.clear()
        self._owned.clear()
        self._held = 0

    def _drop(self, key: _Key) -> None:
        _, owner = self._texts.pop(key)
        self._held -= self._owned[owner].pop(key)
        if not self._owned[owner]:
            del self._owned[owner]


class PersistedDocuments:
    """What callers may name by a hash: one shelf for those whom a token names, one for all others.

    A flood without tokens empties only the shelf of those without. Documents are no secret and nothing depends on one
    being kept: a client whose document has left sends it again. Not shared by threads: it belongs to an event loop.
    """

    def __init__(self, *, entries: int = 1_000, size: int = 2 * 1024 * 1024, owners: int = 5) -> None:
        """See ``DocumentShelf``: each of the two has all of it."""
        self._known = DocumentShelf(entries=entries, size=size, owners=owners)
        self._anonymous = DocumentShelf(entries=entries, size=size, owners=owners)

    def clear(self) -> None:
        """Forget every document: texts in them may be about a person."""
        self._known.clear()
        self._anonymous.clear()

    def resolve(self, request: GraphQLRequest, caller: Caller) -> GraphQLRequest:
        """The request with its document, from the shelf where only its hash was sent.

        Raises HttpRefusalError: PERSISTED_QUERY_NOT_FOUND, or 400 where document and hash differ.
        """
        digest = digest_in(request.extensions)
        if digest is None:
            return request
        if request.query:
            if sha256(request.query.encode()).hexdigest() != digest:
                raise _malformed(tell("request.persisted_other"))
            return request
        text = self._shelf(caller).find(caller.key, digest)
        if text is None:
            raise HttpRefusalError(200, ErrorCode.PERSISTED_QUERY_NOT_FOUND, tell("request.persisted_not_found"))
        return replace(request, query=text)

    def keep(self, request: GraphQLRequest, prepared: PreparedDocument, caller: Caller) -> None:
        """Keep a document that came with its hash and was found valid: refused ones would let anybody empty a shelf."""
        digest = digest_in(request.extensions)
        if digest is not None:
            self._shelf(caller).keep(caller.key, digest, request.query, quotes=prepared.quotes)

    def _shelf(self, caller: Caller) -> DocumentShelf:
        return self._known if caller.known else self._anonymous


def _malformed(said: Message) -> HttpRefusalError:
    return HttpRefusalError(400, BAD_REQUEST, said)
