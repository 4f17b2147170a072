"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt in whatever the main thread is doing, and a library's C code that drops exceptions (as each
``PyObject_HasAttr`` does) drops that one too: the program would go on as if nothing had been pressed. What runs for long asks
here before it begins.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

_came = threading.Event()


def watch() -> None:
    """Remember from now on that an interruption came; called by the main thread."""
    signal.signal(signal.SIGINT, _interrupted)


def heed() -> None:
    """Raise ``KeyboardInterrupt`` where one came before, whether or not it was raised then."""
    if _came.is_set():
        raise KeyboardInterrupt


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    _came.set()
    raise KeyboardInterrupt
