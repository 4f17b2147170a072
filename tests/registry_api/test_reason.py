"""The reason for reading persons in clear, in every spelling that clients send."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import tell
from registry_api.reason import reason_in
from transport.errors import ApiError


def as_sent(text: str) -> str:
    """What the server sees of a program's UTF-8."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("%20", None),
        ("UTF-8''", None),
        ("spot check", "spot check"),
        (as_sent("抽查 2026-17"), "抽查 2026-17"),
        (quote("抽查 2026/17"), "抽查 2026/17"),
        (quote("抽查 2026-17", safe=""), "抽查 2026-17"),
        ("UTF-8''" + quote("抽查", safe=""), "抽查"),
        ("utf-8'zh-CN'" + quote("抽查", safe=""), "抽查"),
        (quote("抽查") + " 2026", "抽查 2026"),
        ("écrit", "écrit"),
        ("100%25%20of%20them", "100% of them"),
        ("%25E6%20was%20meant", "%E6 was meant"),
        ("a sample of 20% of the cases", "a sample of 20% of the cases"),
        (as_sent("抽查20%的案件"), "抽查20%的案件"),
        ("O'Brien's request", "O'Brien's request"),
        (quote("一行\n 又一行"), "一行 又一行"),
        (quote("审" * 500), "审" * 500),
    ],
)
def test_a_reason_is_read_as_it_was_meant(header: str | None, reason: str | None) -> None:
    """Plain, in raw UTF-8, percent-encoded, or as an extended value (RFC 8187); a percent sign in prose is one."""
    assert reason_in(header) == reason


@pytest.mark.parametrize(
    "header",
    ["%E6", "%E6%8A", "%zz", "50%", "%C0%80", "%ED%A0%80", "UTF-8''%E6", "UTF-8''a b", "UTF-8''%", "GBK''%B3%E9"],
)
def test_a_malformed_encoding_is_refused(header: str) -> None:
    """In one sentence that says how to write it; nothing is recorded half-read."""
    with pytest.raises(ApiError) as refused:
        reason_in(header)
    assert refused.value.status == 400
    assert refused.value.said == tell("reason.badly_encoded", header="X-Access-Reason")


@pytest.mark.parametrize("text", ["a\0b", "\u202eabc", "审" * 501, "\x7f", "\u2028x\ue000"])
def test_the_bounds_hold_in_every_spelling(text: str) -> None:
    """Length and printable characters are judged after decoding."""
    for header in (quote(text), "UTF-8''" + quote(text, safe=""), as_sent(text)):
        with pytest.raises(ApiError, match="printable"):
            reason_in(header)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=200))
def test_whatever_a_page_encodes_is_read_back(text: str) -> None:
    """As encodeURIComponent writes it, which leaves some signs of ASCII as they are."""
    said = f"spot check: {text}"
    assert reason_in(quote(said, safe="!~*'()-_.")) == said


@pytest.mark.parametrize("text", [".", "x", "--- ---", "ok", "…", "12", "审"])
def test_a_reason_says_something(text: str) -> None:
    """It is recorded, and read by whoever asks why: a dot or a letter is none."""
    with pytest.raises(ApiError, match="says nothing"):
        reason_in(quote(text))
