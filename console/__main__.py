"""Where the program ``recognition`` begins: the standard streams are made fit, then everything else is imported."""

from __future__ import annotations

import os
import sys

from console import interrupts


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it as it does later, without a word more."""
    try:
        interrupts.watch()
        _prepare_streams()
        from console.cli import app

        app(prog_name="recognition")
    except KeyboardInterrupt:
        from console.talk import say_error
        from domain.messages import tell

        say_error(tell("cli.interrupted"))
        sys.exit(130)


def _prepare_streams() -> None:
    """Open what the caller closed, so that no file of the registry's takes its number, and write what no encoding holds.

    A character that the terminal's encoding lacks is written as its escape: nothing is lost, and nothing fails.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the lowest free number, which is this one
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
        else:
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
