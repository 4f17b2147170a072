"""``recognition keys``: which master keys wrap holders' keys, and bringing them all under a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from console.talk import REFUSED, err, explaining, fail, out, print_json
from infrastructure.composition import MASTER_KEY_FILE, open_keys
from infrastructure.sealing.errors import SealingError
from infrastructure.sealing.master import MasterKeys
from infrastructure.sealing.rotation import Pool, count_keys, rotate
from infrastructure.settings import Settings

app = typer.Typer(help="The keys that seal personal data.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how many holders' keys each master key wraps, and how many are destroyed."""
    settings = Settings()
    with explaining(), open_keys(settings) as pool:
        master = _master(settings)
        found = count_keys(pool)
    if as_json:
        by_key = {each.master_key_id: each.keys for each in found if each.master_key_id}
        destroyed = sum(each.keys for each in found if not each.master_key_id)
        print_json({"current": master.current_id, "known": list(master.keys), "keys": by_key, "destroyed": destroyed})
        return
    table = Table(title="Master keys")
    for column in ("master key", "wraps", "state"):
        table.add_column(column)
    wrapped = {each.master_key_id: each.keys for each in found}
    for key_id in dict.fromkeys([*master.keys, *(each for each in wrapped if each)]):
        state = "current" if key_id == master.current_id else ("old" if key_id in master.keys else "[red]missing[/]")
        table.add_row(str(key_id), str(wrapped.get(key_id, 0)), state)
    table.add_row("none", str(wrapped.get(None, 0)), "destroyed by erasure")
    out.print(table)


@app.command("rotate")
def rotate_keys(
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Afterwards remove old master keys that wrap nothing any more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring every holder's key under a new master key; an interrupted rotation goes on when called again.

    Servers that run meanwhile learn of the new key by themselves. Old master keys stay in the file until --drop-old, since
    backups of the key table still need them.
    """
    settings = Settings()
    with explaining(), open_keys(settings) as pool:
        path, master = _path(settings), _master(settings)
        left = [each for each in count_keys(pool) if each.master_key_id not in {None, master.current_id}]
        if left:
            err.print("A rotation was interrupted; it goes on.")
        else:
            master = master.with_new()
            master.save(path)  # before the first key is wrapped by it: a crash leaves a key that nothing needs yet
        done = _rotate(pool, master)
        if drop_old:
            _drop(pool, master, path)
    result = {"current": master.current_id, "rewrapped": done, "dropped": drop_old}
    if as_json:
        print_json(result)
    else:
        out.print(f"[green]{done} keys are under the master key {master.current_id}.[/]")


def _rotate(pool: Pool, master: MasterKeys) -> int:
    columns = (TextColumn("re-wrapping"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("keys", total=None)
        try:
            return rotate(
                pool,
                master,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        except SealingError as error:
            fail(str(error), REFUSED)


def _drop(pool: Pool, master: MasterKeys, path: Path) -> None:
    if any(each.master_key_id not in {None, master.current_id} for each in count_keys(pool)):
        fail("A writer wrapped a key under an old master key meanwhile; rotate once more.", REFUSED)
    master.only_current().save(path)


def _path(settings: Settings) -> Path:
    return settings.data_dir / MASTER_KEY_FILE


def _master(settings: Settings) -> MasterKeys:
    try:
        return MasterKeys.load_or_create(_path(settings))
    except SealingError as error:
        fail(str(error), REFUSED)
