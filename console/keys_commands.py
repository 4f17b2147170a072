"""``recognition keys``: which master keys wrap holders' keys, and bringing them all under a new one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from console.acting import account
from console.language import Said
from console.opened import reading, writing
from console.options import AsJson
from console.program import Commands
from console.progress import progress
from console.talk import note, print_json, print_rows, say
from domain.messages import tell

if TYPE_CHECKING:
    from pathlib import Path

    from infrastructure.sealing.master import MasterKeys
    from infrastructure.sealing.rotation import Pool

app = Commands("keys")


@app.command()
def status(as_json: AsJson = False) -> None:
    """``recognition keys status``: see ``command.keys.status``."""
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
    rows: list[tuple[Said, int, Said]] = []
    for key_id in dict.fromkeys([*master.keys, *filter(None, wrapped)]):
        known = tell("said.keys.old") if key_id in master.keys else tell("said.keys.missing")
        state = tell("said.keys.current") if key_id == master.current_id else known
        rows.append((key_id, wrapped.get(key_id, 0), state))
    rows.append((tell("said.keys.none"), wrapped.get(None, 0), tell("said.keys.destroyed")))
    print_rows(tell("said.keys.title"), ("master key", "wraps", "state"), rows)


@app.command("rotate")
def rotate_keys(
    drop: Annotated[bool, typer.Option("--drop-old", help="help.keys.rotate.drop")] = False,
    finish: Annotated[
        bool,
        typer.Option(
            "--finish-erasures",
            help="help.keys.rotate.finish",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """``recognition keys rotate``: see ``command.keys.rotate``."""
    from infrastructure.sealing.rotation import count_keys, drop_old, finish_erasures

    if finish:
        with _keys() as (pool, path, _):
            done = finish_erasures(pool, path)
        if as_json:
            print_json({"rewrapped": done, "finished": True})
        else:
            say(tell("said.keys.finished"))
        return
    with _keys() as (pool, path, found):
        master = found
        left = [each for each in count_keys(pool) if each.master_key_id not in {None, master.current_id}]
        if left:
            note(tell("said.keys.goes_on"))
        else:
            master = master.with_new()
            master.save(path)  # before the first key is wrapped by it: a crash leaves a key that nothing needs yet
        done = _rotate(pool, master)
        if drop:
            master = drop_old(pool, path)
    if as_json:
        print_json({"current": master.current_id, "rewrapped": done, "dropped": drop})
    else:
        say(tell("said.keys.rotated", done=done, key=master.current_id))


@app.command()
def attestation(as_json: AsJson = False) -> None:
    """``recognition keys attestation``: see ``command.keys.attestation``."""
    from infrastructure.attestation.keys import listed

    with reading() as registry:
        found = listed(registry.database.app_url)
    if as_json:
        print_json({"keys": [{"kid": each.kid, "state": each.state, "added": each.added_at} for each in found]})
        return
    rows = [(each.kid, each.state, each.added_at, each.operator) for each in found]
    print_rows(tell("said.keys.attestation"), ("key", "state", "added", "by"), rows)


@app.command("rotate-attestation")
def rotate_attestation(
    withdraw_key: Annotated[
        str | None,
        typer.Option("--withdraw", metavar="KID", help="help.keys.rotate_attestation.withdraw"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition keys rotate-attestation``: see ``command.keys.rotate-attestation``."""
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
    from infrastructure.sealing.rotation import rotate

    with progress(tell("said.progress.rewrapping")) as bar:
        return rotate(pool, master, progress=bar)
