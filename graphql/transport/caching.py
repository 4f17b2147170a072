"""What may be kept by whom: entity tags and lifetimes (RFC 9110, section 8.8.3; RFC 9111)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

PUBLIC: Final[Mapping[str, str]] = {
    "Cache-Control": "public, max-age=60",
    "Vary": "Accept, Accept-Encoding, Accept-Language, Authorization",
}
"""Of an answer that is the same for everybody. It varies by the token, so that no cache answers for a request with one."""
REVALIDATED: Final[Mapping[str, str]] = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
"""Of a file that changes with the server's version."""


def tagged(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """Content under a tag of its own, or 304 where the client has just that.

    The tag is weak: the bytes on the wire may be compressed, what they say is the same.
    What is said in another language has another tag.
    """
    spoken = headers.get("Content-Language", "").encode()
    tag = f'W/"{sha256(spoken + content).hexdigest()[:32]}"'
    headers = {**headers, "ETag": tag}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _has(sent: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names a tag, compared weakly (RFC 9110, section 13.1.2)."""
    names = [each.strip().removeprefix("W/") for each in sent.split(",")]
    return "*" in names or tag.removeprefix("W/") in names
