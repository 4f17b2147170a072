"""``recognition backup`` and ``restore``: a whole registry in one sealed file, and back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.acting import account
from console.language import spoken, worded
from console.options import AsJson
from console.talk import REFUSED, err, fail, note, print_json, say

if TYPE_CHECKING:
    from domain.messages import Message

MIB = 1024 * 1024
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="help.backup.passphrase_file",
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="help.backup.file")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """``recognition backup``: see ``command.backup``."""
    from domain.messages import tell
    from infrastructure.backup.making import make_backup
    from infrastructure.postgres.existing import check_present
    from infrastructure.settings import Settings

    settings = Settings()
    check_present(settings)
    passphrase = _passphrase(passphrase_file, twice=True)
    with _telling() as telling:
        made = make_backup(
            settings,
            file,
            passphrase,
            account(),
            lambda what, size: telling(tell("backup.reading", what=what, size=size // MIB)),
        )
    if as_json:
        print_json(made)
    else:
        facts = {"events": made.events, "position": made.position, "files": made.evidence_files}
        say(tell("backup.made", file=str(file), size=made.bytes // MIB, **facts).text(spoken()))


def restore(
    file: Annotated[Path, typer.Argument(help="help.restore.file")],
    erasures: Annotated[
        list[Path] | None,
        typer.Option(
            "--erasures",
            metavar="LIST",
            help="help.restore.erasures",
        ),
    ] = None,
    none_later: Annotated[bool, typer.Option("--no-later-erasures", help="help.restore.none_later")] = False,
    log_goes_on: Annotated[
        bool,
        typer.Option(
            "--log-goes-on",
            help="help.restore.log_goes_on",
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """``recognition restore``: see ``command.restore``."""
    from domain.messages import tell
    from infrastructure.backup.erasures import read_erasures
    from infrastructure.backup.errors import BackupError
    from infrastructure.backup.restoring import restore_backup
    from infrastructure.settings import Settings

    if not erasures and not none_later:
        raise BackupError(tell("backup.erasures_asked"))
    listed = [each for path in erasures or () for each in read_erasures(path)]
    passphrase = _passphrase(passphrase_file, twice=False)
    with _telling() as telling:
        done = restore_backup(
            Settings(),
            file,
            passphrase,
            account(),
            listed,
            log_goes_on=log_goes_on,
            progress=lambda what, count: telling(tell("backup.doing", what=what, count=count)),
        )
    language = spoken()
    if as_json:
        print_json(
            {
                "madeAt": done.made_at,
                "position": done.position,
                "events": done.events,
                "evidenceFiles": done.evidence_files,
                "findings": len(done.findings),
                "erasedAgain": done.erased_again,
                "notErased": [ref for ref, _ in done.not_erased],
                "epoch": done.epoch,
            }
        )
    else:
        say(
            tell(
                "backup.restored",
                events=done.events,
                position=done.position,
                files=done.evidence_files,
                instant=done.made_at.isoformat(timespec="seconds"),
                findings=len(done.findings),
            ).text(language)
        )
        if done.erased_again:
            say(tell("backup.erased_again", count=done.erased_again).text(language))
        if done.epoch is not None:
            note(tell("backup.epoch", epoch=done.epoch).text(language))
    for ref, reason in done.not_erased:
        note(tell("backup.not_erased", holder=ref, reason=reason.text(language).rstrip(".。")).text(language), "red")
    if done.findings or done.not_erased:
        raise typer.Exit(REFUSED)


def _passphrase(file: Path | None, *, twice: bool) -> str:
    """The passphrase: of a file that nobody else may read, of the environment, or typed."""
    from domain.messages import tell
    from infrastructure.private_files import others_may_read
    from infrastructure.settings import backup_passphrase_of_environment

    if file is not None:
        if others_may_read(file):
            fail(tell("backup.open_passphrase", file=str(file)).text(spoken()))
        return file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    given = backup_passphrase_of_environment()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(tell("backup.no_passphrase").text(spoken()))
    typed = str(typer.prompt(worded(tell("cli.passphrase")), hide_input=True, err=True))
    if twice and typed != typer.prompt(worded(tell("cli.passphrase_again")), hide_input=True, err=True):
        fail(tell("backup.passphrases_differ").text(spoken()))
    return typed


@contextlib.contextmanager
def _telling() -> Iterator[Callable[[Message], None]]:
    """A line on standard error that says what is done at the moment, where somebody looks."""
    language = spoken()
    with err.status("…") as status:
        yield lambda said: status.update(said.text(language))
