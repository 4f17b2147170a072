"""Python's garbage collector while millions of short-lived values are made: it walks what lives long over and over for nothing."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

_RARELY: Final = (100_000, 20, 20)
"""After how many values made, and collections of younger ones, each generation is walked: cycles are still found, seldom."""


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """What lives already is not walked within, and what is made is walked seldom; afterwards as before."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
