"""The server's log on standard error: an entry a line, for people or as JSON, and nothing personal in it.

Everything that is logged anywhere in the process passes here. An exception is shown by its classes and frames, never by its message,
which may quote what somebody typed. Each request leaves one entry, with its route as a pattern and its operation by the schema's names.
"""

from __future__ import annotations

import logging
import sys
from asyncio import get_running_loop
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import orjson
import structlog
from structlog.typing import Processor

from transport.masking import frames_of
from transport.observing import Handled

Form = Literal["text", "json"]
Entry = MutableMapping[str, Any]

OWN: Final = ("application", "compiled", "console", "infrastructure", "registry_api", "transport")
"""The loggers of this project, which are heard from INFO on; those of libraries from WARNING on."""
_FIRST: Final = ("instant", "level", "event")


def configure(form: Form, stream: TextIO | None = None) -> None:
    """Let every logger of the process write to ``stream`` (standard error by default) in this form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(["request_id"]), _logger],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _instant, _traced, _written(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.INFO)


def access_log(form: Form, digest: Callable[[str], str], stream: TextIO | None = None) -> Callable[[Handled], None]:
    """What writes the entry of each request; ``digest`` makes of a subject what it is known by in the log.

    It goes past the machinery of ``logging``: a look-up is answered in a fraction of a millisecond, of which its entry is a small part.
    Entries of requests that end in one round of the event loop are written at once, in the next.
    """
    out = stream or sys.stderr
    write = _as_access_json if form == "json" else _as_access_text
    waiting: list[str] = []

    def leave() -> None:
        text = "".join(waiting)
        waiting.clear()
        out.write(text)
        out.flush()

    def tell(handled: Handled) -> None:
        said: Entry = {
            "instant": _now(),
            "level": "info",
            "request_id": handled.request_id,
            "method": handled.method,
            "route": handled.route,
            "status": handled.status,
            "ms": round(1000 * handled.seconds, 2),
        }
        if handled.subject is not None:
            said["subject"] = digest(handled.subject)
        if handled.operation:
            said["operation"] = handled.operation
        if handled.compiled is not None:
            said["compiled"] = handled.compiled
        if handled.codes:
            said["codes"] = handled.codes
        said["event"] = "request"
        waiting.append(write(said))
        if len(waiting) == 1:
            try:
                get_running_loop().call_soon(leave)
            except RuntimeError:  # outside of a loop there is no next round of it
                leave()

    return tell


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _instant(_logger: Any, _method: str, entry: Entry) -> Entry:
    entry["instant"] = _now()
    return entry


def _as_access_json(entry: Entry) -> str:
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE).decode()


def _as_access_text(entry: Entry) -> str:
    return _as_text(None, "info", entry) + "\n"


def _logger(_logger: Any, _method: str, entry: Entry) -> Entry:
    record = entry.get("_record")
    if record is not None:
        entry["logger"] = record.name
    return entry


def _traced(_logger: Any, _method: str, entry: Entry) -> Entry:
    """An exception as its frames and classes: the message may quote a row or what somebody typed."""
    info = entry.pop("exc_info", None)
    entry.pop("stack_info", None)
    if isinstance(info, tuple) and isinstance(info[1], BaseException):
        entry["trace"] = frames_of(info[1])
    return entry


def _written(form: Form) -> Processor:
    return _as_json if form == "json" else _as_text


def _ordered(entry: Entry) -> dict[str, Any]:
    return {name: entry[name] for name in _FIRST if name in entry} | {
        name: value for name, value in entry.items() if name not in _FIRST
    }


def _as_json(_logger: Any, _method: str, entry: Entry) -> str:
    return orjson.dumps(_ordered(entry), default=str).decode()


def _as_text(_logger: Any, _method: str, entry: Entry) -> str:
    found = _ordered(entry)
    head = " ".join(str(found.pop(name)) for name in _FIRST if name in found)
    trace = found.pop("trace", None)
    rest = "".join(f" {name}={_plain(value)}" for name, value in found.items())
    return head + rest + (f"\n{trace}" if trace else "")


def _plain(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f'"{text}"' if " " in text else text
