"""Why somebody reads persons in clear: the header ``X-Access-Reason``, in any of the spellings that clients can send.

A header's value is bytes. Programs send UTF-8 as it is; browsers refuse to send anything beyond Latin-1, so a page writes
Chinese in UTF-8 with a %XX for each byte, as it stands or as an extended value of RFC 8187 (``UTF-8''%E6%8A%BD…``).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from domain.messages import tell
from transport.errors import ApiError, ErrorCode

REASON_HEADER: Final = "X-Access-Reason"
_LONGEST_REASON: Final = 500
_EXTENDED: Final = re.compile(r"utf-8'[a-z0-9-]*'(?P<value>.*)", re.IGNORECASE | re.DOTALL)
_VALUE: Final = re.compile(r"(?:%[0-9a-f]{2}|[a-z0-9!#$&+.^_`|~-])*", re.IGNORECASE)
"""What RFC 8187, section 3.2.1, lets an extended value hold."""
_ALL_ENCODED: Final = re.compile(r"[^%]*(?:%[0-9a-f]{2}[^%]*)+", re.IGNORECASE | re.DOTALL)
_WORDS: Final = re.compile(r"[^\W_]")
_FEWEST_LETTERS: Final = 3
_IDEOGRAPHS: Final = re.compile(r"[\u3400-\u9fff]{2}")
"""Two ideographs say what a short word does."""
_ONE_WORD: Final = re.compile(r"[!-~]*%[!-~]*")
"""What an encoder leaves: no space and nothing beyond ASCII. Anything else with a percent sign astray is a text."""


def reason_in(header: str | None) -> str | None:
    """The reason in a request's header, decoded and trimmed; None where there is none.

    Raises ``ApiError`` (BAD_REQUEST) for one that is too long, says nothing, is not printable, or is encoded wrongly.
    """
    if header is None or not header.strip():
        return None
    reason = " ".join(_decoded(header.strip()).split())
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise ApiError(
            ErrorCode.BAD_REQUEST,
            tell("reason.too_long", header=REASON_HEADER, most=_LONGEST_REASON),
        )
    if reason and len(_WORDS.findall(reason)) < _FEWEST_LETTERS and not _IDEOGRAPHS.search(reason):
        raise ApiError(
            ErrorCode.BAD_REQUEST,
            tell("reason.says_nothing", header=REASON_HEADER),
        )
    return reason or None


def _decoded(header: str) -> str:
    extended = _EXTENDED.fullmatch(header)
    if extended is not None:
        return _unquoted(extended["value"]) if _VALUE.fullmatch(extended["value"]) else _refuse()
    if _ALL_ENCODED.fullmatch(header):
        return _unquoted(header)
    if _ONE_WORD.fullmatch(header):
        return _refuse()
    return _text(header)


def _text(header: str) -> str:
    """Bytes as they came, which the server hands over as Latin-1 (RFC 9110, section 5.5), read as UTF-8 where they are."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _unquoted(value: str) -> str:
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        return _refuse()


def _refuse() -> str:
    raise ApiError(ErrorCode.BAD_REQUEST, tell("reason.badly_encoded", header=REASON_HEADER))
