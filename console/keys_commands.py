"""``recognition keys``: which master keys wrap holders' keys, and bringing them all under a new one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from console.acting import account
from console.opened import reading, writing
from console.options import AsJson
from console.program import Group
from console.talk import err, note, print_json, print_rows, say

if TYPE_CHECKING:
    from pathlib import Path

    from infrastructure.sealing.master import MasterKeys
    from infrastructure.sealing.rotation import Pool

app = typer.Typer(
    help="The keys that seal personal data: which there are, and making them anew.", no_args_is_help=True, cls=Group
)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how many holders' keys each master key wraps, and how many are destroyed."""
    from infrastructure.sealing.rotation import count_keys

    with _keys() as (pool, _, master):
        found = count_keys(pool)
    wrapped = {each.master_key_id: each.keys for each in found}
    if as_json:
        by_key = {key_id: keys for key_id, keys in wrapped.items() if key_id}
        print_json(
            {
                "current": master.current_id,
                "known": list(master.keys),
                "keys": by_key,
                "destroyed": wrapped.get(None, 0),
            }
        )
        return
    rows: list[tuple[str, int, str]] = []
    for key_id in dict.fromkeys([*master.keys, *filter(None, wrapped)]):
        state = "current" if key_id == master.current_id else ("old" if key_id in master.keys else "missing")
        rows.append((key_id, wrapped.get(key_id, 0), state))
    rows.append(("none", wrapped.get(None, 0), "destroyed by erasure"))
    print_rows("Master keys", ("master key", "wraps", "state"), rows)


@app.command("rotate")
def rotate_keys(
    drop: Annotated[
        bool, typer.Option("--drop-old", help="Afterwards remove old master keys that wrap nothing any more.")
    ] = False,
    finish: Annotated[
        bool,
        typer.Option(
            "--finish-erasures",
            help="Only where a person was erased: a new master key, and the old ones dropped at once.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring every holder's key under a new master key; an interrupted rotation goes on when called again.

    Servers that run meanwhile learn of the new key by themselves. Old master keys stay in the file until --drop-old, since
    backups of the key table still need them.
    """
    from infrastructure.sealing.rotation import count_keys, drop_old, finish_erasures

    if finish:
        with _keys() as (pool, path, _):
            done = finish_erasures(pool, path)
        if as_json:
            print_json({"rewrapped": done, "finished": True})
        else:
            say("Every erasure is final: no master key that is left ever wrapped the key of an erased person.")
        return
    with _keys() as (pool, path, found):
        master = found
        left = [each for each in count_keys(pool) if each.master_key_id not in {None, master.current_id}]
        if left:
            note("A rotation was interrupted; it goes on.")
        else:
            master = master.with_new()
            master.save(path)  # before the first key is wrapped by it: a crash leaves a key that nothing needs yet
        done = _rotate(pool, master)
        if drop:
            master = drop_old(pool, path)
    if as_json:
        print_json({"current": master.current_id, "rewrapped": done, "dropped": drop})
    else:
        say(f"{done} keys are under the master key {master.current_id}.")


@app.command()
def attestation(as_json: AsJson = False) -> None:
    """Show the keys of attestations: which signs, which are still published, which are withdrawn."""
    from infrastructure.attestation.keys import listed

    with reading() as registry:
        found = listed(registry.database.app_url)
    if as_json:
        print_json({"keys": [{"kid": each.kid, "state": each.state, "added": each.added_at} for each in found]})
        return
    rows = [(each.kid, each.state, each.added_at, each.operator) for each in found]
    print_rows("Keys of attestations", ("key", "state", "added", "by"), rows)


@app.command("rotate-attestation")
def rotate_attestation(
    withdraw_key: Annotated[
        str | None,
        typer.Option(
            "--withdraw", metavar="KID", help="Publish this older key no more: what it signed is not believed."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a new key sign attestations from now on; what older keys signed goes on being verified, until one is withdrawn.

    Recorded under your account of this machine. It needs no older key, so it is the way out where the file is lost.
    """
    from infrastructure.attestation.keys import ATTESTATION_KEY_FILE, listed, rotate, withdraw

    with writing(catch_up=False) as registry:
        url, path = registry.database.owner_url, registry.settings.data_dir / ATTESTATION_KEY_FILE
        if withdraw_key is None:
            rotate(url, path, account())
        else:
            withdraw(url, withdraw_key, account())
        found = listed(registry.database.app_url)
    if as_json:
        print_json({"keys": [{"kid": each.kid, "state": each.state} for each in found]})
        return
    for each in found:
        say(f"{each.kid} {each.state}")


@contextlib.contextmanager
def _keys() -> Iterator[tuple[Pool, Path, MasterKeys]]:
    """The database of the keys as it stands, and the file and value of the master keys; none of them is made."""
    from infrastructure.composition import MASTER_KEY_FILE
    from infrastructure.sealing.master import ExistingMasterKeys
    from infrastructure.settings import Settings
    from infrastructure.standing import open_existing_keys

    settings = Settings()
    with open_existing_keys(settings) as pool:
        path = settings.data_dir / MASTER_KEY_FILE
        yield pool, path, ExistingMasterKeys(path).now()


def _rotate(pool: Pool, master: MasterKeys) -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from infrastructure.sealing.rotation import rotate

    columns = (TextColumn("re-wrapping"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("keys", total=None)
        return rotate(pool, master, progress=lambda done, total: bar.update(task, completed=done, total=total))
