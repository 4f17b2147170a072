"""One GraphQL operation over HTTP, by a token: its answer, or one sentence on why there is none."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2

from console.language import spoken
from console.remote.address import Address
from console.remote.failures import ServerFailed, ServerRefused
from domain.messages import Message, tell

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
"""The whole answer, from the request to its last byte."""
LONGEST_WAIT: Final = 30
"""Seconds that a server may ask to be left alone before a question is asked once more; for longer nobody waits here."""
LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes."""
AGAIN: Final = frozenset({"UNAVAILABLE", "RATE_LIMITED"})
"""Codes after which a question may be asked again, once."""
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered to one operation: ``whole`` as GraphQL has it, and the codes with their messages of what went wrong."""

    whole: Mapping[str, Any]
    wait: int | None = None

    @property
    def codes(self) -> frozenset[str]:
        """The codes of its errors."""
        return frozenset(code for code, _ in self.errors)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Code and message of each error."""
        found = self.whole.get("errors")
        return [_coded(each) for each in found] if isinstance(found, list) else []

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Code and message of each refusal that a mutation answers as data."""
        data = self.whole.get("data")
        payloads = data.values() if isinstance(data, Mapping) else ()
        found = [each.get("refusal") for each in payloads if isinstance(each, Mapping)]
        return [
            (str(each.get("code", "")), str(each.get("message", ""))) for each in found if isinstance(each, Mapping)
        ]

    def wrong(self) -> Message | None:
        """What went wrong, in one sentence; None where nothing did."""
        told = [f"{message} ({code})" if code else message for code, message in [*self.errors, *self.refusals]]
        return tell("said.server.refused", said=" ".join(told[:_NAMED])) if told else None


@dataclass(frozen=True, slots=True)
class Server:
    """A server, and as whom and why it is asked. The token is sent to it and stands nowhere else."""

    address: Address
    token: str | None = None
    reason: str | None = None

    def send(self, document: str, variables: Mapping[str, Any] | None = None, *, reads: bool = True) -> Answer:
        """Send one operation. One that ``reads`` is sent once more where the server says when. Raises ``ServerFailed``."""
        headers = self._headers()
        body = json.dumps({"query": document, "variables": dict(variables or {})}).encode()
        with self._client() as client:
            answer = self._once(client, headers, body)
            if reads and answer.wait is not None and answer.codes & AGAIN:
                time.sleep(answer.wait)
                answer = self._once(client, headers, body)
        return answer

    def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of a question. Raises ``ServerRefused`` where the answer has errors, ``ServerFailed`` as ``send`` does."""
        answer = self.send(document, variables)
        wrong, data = answer.wrong(), answer.whole.get("data")
        if wrong is not None:
            raise ServerRefused(wrong)
        if not isinstance(data, dict):
            raise self._no_registry(200)
        return data

    def pages(self, document: str, variables: Mapping[str, Any], field: str) -> Iterator[dict[str, Any]]:
        """Every node of a connection at the root, page by page, by the variable ``after``. Raises as ``ask`` does."""
        after: str | None = None
        while True:
            page = self.ask(document, {**variables, "after": after})[field]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json, application/json;q=0.9",
            "Accept-Language": spoken().value,
        }
        if self.token is not None:
            if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
                raise ServerFailed(tell("said.server.token_unsendable"))
            headers["Authorization"] = f"Bearer {self.token}"
        if self.reason is not None and self.reason.strip():
            headers["X-Access-Reason"] = "UTF-8''" + quote(" ".join(self.reason.split()), safe="")
        return headers

    def _client(self) -> httpx2.Client:
        # In the clear no proxy of the environment is asked: it would read the token.
        return httpx2.Client(
            verify=ssl.create_default_context(),
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=self.address.is_secure,
        )

    def _once(self, client: httpx2.Client, headers: Mapping[str, str], body: bytes) -> Answer:
        until = time.monotonic() + ANSWER_SECONDS
        content = bytearray()
        try:
            with client.stream("POST", self.address.url, headers=dict(headers), content=body) as response:
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        raise ServerFailed(tell("said.server.too_large", url=self.address.shown))
                    if time.monotonic() > until:
                        raise self._too_late()
        except httpx2.TimeoutException:
            raise self._too_late() from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            raise ServerFailed(self._why(error)) from None
        return self._read(response, bytes(content))

    def _read(self, response: httpx2.Response, content: bytes) -> Answer:
        status = response.status_code
        if response.is_redirect:
            raise ServerFailed(tell("said.server.redirects", url=self.address.shown))
        try:
            whole = json.loads(self._without_token(content.decode("utf-8")))
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, dict) and ("data" in whole or isinstance(whole.get("errors"), list)):
            return Answer(whole, _seconds(response.headers.get("Retry-After")))
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise ServerFailed(tell("said.server.broken", url=self.address.shown, status=status))
        raise self._no_registry(status)

    def _without_token(self, text: str) -> str:
        """What a server sends back of the token is shown to nobody."""
        return text.replace(self.token, "…") if self.token else text

    def _no_registry(self, status: int) -> ServerFailed:
        return ServerFailed(tell("said.server.no_registry", url=self.address.shown, status=status))

    def _too_late(self) -> ServerFailed:
        return ServerFailed(tell("said.server.too_late", url=self.address.shown, seconds=int(ANSWER_SECONDS)))

    def _why(self, error: BaseException) -> Message:
        url, cause = self.address.shown, error
        while True:
            if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
                return tell("said.server.certificate", url=url)
            inner = cause.__cause__ or cause.__context__
            if inner is None:
                break
            cause = inner
        if isinstance(error, httpx2.ConnectError):
            return tell("said.server.nobody", url=url)
        return tell("said.server.broke_off", url=url, kind=type(error).__name__)


def _coded(error: Any) -> tuple[str, str]:
    given = error if isinstance(error, Mapping) else {}
    extensions = given.get("extensions")
    code = extensions.get("code", "") if isinstance(extensions, Mapping) else ""
    return str(code), str(given.get("message", ""))


def _seconds(header: str | None) -> int | None:
    """How long to wait, of ``Retry-After`` in seconds (RFC 9110, section 10.2.3); None where nobody waits."""
    text = (header or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < _NAMED and int(text) <= LONGEST_WAIT else None
