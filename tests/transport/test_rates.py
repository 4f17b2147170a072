"""Token buckets: so many at once, so many a second, bounded in memory, and an honest `Retry-After`."""

import pytest

from transport.errors import HttpRefusalError
from transport.rates import Buckets, address_of


class Watch:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_a_burst_pass_and_then_its_rate() -> None:
    """Three at once, then one each half second; who waits is told how long."""
    watch = Watch()
    buckets = Buckets(2, 3, clock=watch)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.wait("a") == 0.5
    assert buckets.wait("b") == 0
    watch.now = 0.5
    assert buckets.wait("a") == 0
    assert buckets.wait("a") > 0
    watch.now = 1000
    assert [buckets.wait("a") == 0 for _ in range(4)] == [True, True, True, False]


def test_a_refusal_names_when_to_come_back() -> None:
    """429 with whole seconds; nothing is taken by a refusal."""
    buckets = Buckets(0.1, 1, clock=Watch())
    buckets.take("a")
    with pytest.raises(HttpRefusalError) as refused:
        buckets.take("a")
    assert (refused.value.status, refused.value.code, refused.value.headers) == (
        429,
        "RATE_LIMITED",
        {"Retry-After": "10"},
    )


def test_buckets_are_bounded() -> None:
    """However many addresses come, memory is not theirs."""
    buckets = Buckets(1, 1, keys=100, clock=Watch())
    for number in range(1000):
        buckets.wait(str(number))
    assert len(buckets) == 100


def test_a_rate_of_nought_counts_nobody() -> None:
    """The development server's setting."""
    buckets = Buckets(0, 0)
    assert {buckets.wait("a") for _ in range(1000)} == {0.0}
    assert len(buckets) == 0


def test_an_ipv6_caller_is_counted_by_their_network() -> None:
    """One caller has all of a /64."""
    one, other = {"client": ("2001:db8::1", 1)}, {"client": ("2001:db8::ffff", 2)}
    assert address_of(one) == address_of(other) == "2001:db8::/64"
    assert address_of({"client": ("192.0.2.1", 1)}) == "192.0.2.1"
    assert address_of({"client": None}) == address_of({}) == "unknown"
