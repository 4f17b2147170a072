"""How often somebody may ask: token buckets in memory, bounded, by address and by whoever a token names.

Each process counts for itself; behind several of them the limits add up. Addresses are those of the connection, or what a
proxy in front states where the installation trusts it. IPv6 callers count by their /64, since one caller has all of it.
"""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.messages import tell
from transport.error_responses import error_response
from transport.errors import ErrorCode, HttpRefusalError

_UNCOUNTED: Final = frozenset({"/healthz", "/readyz"})
PAUSE_SECONDS: Final = 1.0
"""How long a refusal is kept back from whoever has had too many."""
REFUSALS: Final = 10.0
"""Refusals a second that one address is given at once; ten times as many in a burst."""
_REFUSED: Final = 400


class Buckets:
    """Buckets by key, each refilled at ``rate`` a second up to ``burst``; the least recently used of too many are full again.

    Not shared by threads: it belongs to an event loop. A ``rate`` of 0 lets everything pass.
    """

    def __init__(
        self, rate: float, burst: float, *, keys: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._keys, self._clock = rate, burst, keys, clock
        self._levels: OrderedDict[str, list[float]] = OrderedDict()
        """By key, what was there and when."""

    def __len__(self) -> int:
        return len(self._levels)

    def wait(self, key: str, count: int = 1) -> float:
        """Take ``count`` tokens: 0 where they were there, else the seconds until they are, and then nothing is taken."""
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        found = self._levels.get(key)
        if found is None:
            level = self._burst
            found = self._levels[key] = [level, now]
            while len(self._levels) > self._keys:
                self._levels.popitem(last=False)
        else:
            self._levels.move_to_end(key)
            level = min(self._burst, found[0] + (now - found[1]) * self._rate)
        missing = count - level
        found[0], found[1] = level if missing > 0 else level - count, now
        return max(0.0, missing / self._rate)

    def give_back(self, key: str) -> None:
        """Give a token back that was taken for what is counted elsewhere."""
        if self._rate > 0 and (found := self._levels.get(key)) is not None:
            found[0] = min(self._burst, found[0] + 1)

    def take(self, key: str, count: int = 1) -> None:
        """Take ``count`` tokens. Raises HttpRefusalError (429, RATE_LIMITED) with ``Retry-After`` where they are not there."""
        seconds = self.wait(key, count)
        if seconds > 0:
            raise rate_limited(seconds)


def rate_limited(seconds: float) -> HttpRefusalError:
    """The refusal of a request that came too soon (RFC 6585, section 4)."""
    whole = max(1, math.ceil(seconds))
    return HttpRefusalError(
        429,
        ErrorCode.RATE_LIMITED,
        tell("request.rate", seconds=whole),
        {"Retry-After": str(whole)},
    )


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """ASGI middleware: whose ``X-Forwarded-For`` is believed, which is nobody's unless the installation names networks.

    From the right, the first address that is no trusted proxy's is the caller's: what stands further left anybody may have
    written (RFC 7239, section 7.4, by analogy).
    """

    def __init__(self, app: ASGIApp, networks: Sequence[Network] = ()) -> None:
        self._app = app
        self._networks = tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its caller's address."""
        if scope["type"] in {"http", "websocket"} and self._networks and self._is_trusted(_host_of(scope)):
            forwarded = [
                part.strip()
                for name, value in scope["headers"]
                if name == b"x-forwarded-for"
                for part in value.decode("latin-1").split(",")
            ]
            caller = next((each for each in reversed(forwarded) if not self._is_trusted(each)), None)
            if caller is not None and _parsed(caller) is not None:
                scope = {**scope, "client": (caller, 0)}
        await self._app(scope, receive, send)

    def _is_trusted(self, host: str) -> bool:
        return lies_in(host, self._networks)


def lies_in(host: str, networks: Sequence[Network]) -> bool:
    """Whether a host is an address in one of these networks."""
    address = _parsed(host)
    return address is not None and any(address in network for network in networks)


def _host_of(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, an IPv4 one also where it is written inside IPv6 (``::ffff:192.0.2.1``, RFC 4291, section 2.5.5.2)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def address_of(scope: Scope) -> str:
    """What a caller is counted by: their IPv4 address, or the /64 of their IPv6 address."""
    return caller_at(_host_of(scope))


def caller_at(host: str) -> str:
    """What a caller at an address is counted by."""
    address = _parsed(host)
    if address is None:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class AddressLimit:
    """ASGI middleware: what one address may send, whoever they say they are. Health is not counted.

    Whoever keeps being refused, for whatever reason, waits for each further refusal, so that sending nonsense without a pause
    keeps the sender busy and not the server.
    """

    def __init__(self, app: ASGIApp, buckets: Buckets, refusals: Buckets | None = None) -> None:
        self._app = app
        self._buckets = buckets
        self._refusals = refusals or Buckets(REFUSALS, 10 * REFUSALS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 429."""
        if scope["type"] != "http" or scope["path"] in _UNCOUNTED:
            await self._app(scope, receive, send)
            return
        caller = address_of(scope)

        async def send_in_time(message: Message) -> None:
            refused = message["type"] == "http.response.start" and message["status"] >= _REFUSED
            if refused and self._refusals.wait(caller) > 0:
                await asyncio.sleep(PAUSE_SECONDS)
            await send(message)

        seconds = self._buckets.wait(caller)
        if seconds > 0:
            refusal = rate_limited(seconds)
            await error_response(Headers(scope=scope), refusal, refusal.headers)(scope, receive, send_in_time)
            return
        await self._app(scope, receive, send_in_time)
