"""``recognition audit log``: how far the transparency log is, holding events against it, its keys, epochs and proofs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import account
from console.opened import answered, reading, writing
from console.options import AsJson
from console.program import Group
from console.talk import REFUSED, err, fail, note, print_json, print_pairs, print_rows, say

if TYPE_CHECKING:
    from application.transparency import Inclusion
    from infrastructure.log.sequencer import LogFiles

app = typer.Typer(help="The transparency log: its state, keys, epochs and proofs.", no_args_is_help=True, cls=Group)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how far the log is, and why it refuses to go on, if it does (exit code 1)."""
    from infrastructure.log.checking import log_state

    with reading() as registry:
        state = log_state(registry.database.app_url, _files(registry))
    found, behind, refusal = state.epochs, state.behind, state.refusal
    if as_json:
        print_json({"epochs": found, "behind": behind, "refusal": str(refusal) if refusal else None})
    else:
        rows = [(each.epoch, each.origin, each.size or 0, each.begun_at, each.operator, each.reason) for each in found]
        print_rows("Transparency log", ("epoch", "origin", "leaves", "begun", "by", "reason"), rows)
        note(f"{behind} events are recorded and not in the log yet.", "dim")
    if refusal is not None:
        if not as_json:
            fail(f"{refusal} ({refusal.code})", REFUSED)
        raise typer.Exit(REFUSED)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Make every leaf anew from the stored events and hold it against the signed log; exit code 1 and the places where they part."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from infrastructure.log.checking import check_log

    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with reading() as registry, Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("leaves", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        found = check_log(registry.database.app_url, _files(registry), progress)
    if as_json:
        print_json(found)
    else:
        for each in found.deviations:
            note(each.sentence, "red")
        well = f"Every event up to position {found.position} is what the log of {found.leaves} leaves committed to."
        note(well if not found.deviations else "The events are not what was signed; tell the auditors.", "green")
    if found.deviations:
        raise typer.Exit(REFUSED)


@app.command()
def key(as_json: AsJson = False) -> None:
    """Show the verifier keys of the log, for whoever checks it: give them out on another way than the log itself."""
    from infrastructure.log.epochs import epochs

    with reading() as registry:
        found = epochs(registry.database.app_url)
    if not found:
        fail("The log is not begun yet: start `recognition serve`, which does.")
    if as_json:
        print_json({"origin": found[-1].origin, "vkeys": found[-1].vkeys})
    else:
        for vkey in found[-1].vkeys:
            say(vkey)


@app.command("rotate")
def rotate_key(
    retire: Annotated[
        bool, typer.Option("--retire-old", help="Let only the newest key sign, once everybody has it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a key that signs beside the present one from now on; with --retire-old, let the older ones sign no more.

    Recorded under your account of this machine.
    """
    from infrastructure.log.epochs import rotate

    with writing(catch_up=False) as registry:
        vkeys = rotate(registry.database.owner_url, _files(registry), account(), retire=retire)
    if as_json:
        print_json({"vkeys": vkeys})
        return
    for vkey in vkeys:
        say(vkey)
    if not retire:
        note("Give the first key to whoever checks the log; when all have it, run this again with --retire-old.")


@app.command("epoch")
def begin(
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded, and published beside the log.")],
    force: Annotated[
        bool, typer.Option("--although-it-goes-on", help="Begin one even though the log can go on.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a new epoch, where what was signed is lost for good: another origin and key, from the first event on.

    Recorded under your account of this machine.
    """
    from infrastructure.log.epochs import begin_epoch

    if not reason.strip():
        fail("Say with --reason why a new epoch is begun; it is recorded and published.")
    with writing(catch_up=False) as registry:
        url, name = registry.database.owner_url, registry.settings.log_name
        begun = begin_epoch(url, _files(registry), name, account(), reason.strip(), force=force)
    if as_json:
        print_json(begun)
        return
    say(f"Epoch {begun.epoch} is begun as {begun.origin}; a running server signs it within seconds.")
    for vkey in begun.vkeys:
        say(vkey)
    note(
        "Give the key to whoever checks the log, with the reason: what they kept of the old epoch stays a valid statement."
    )


@app.command("resume")
def resume_log(as_json: AsJson = False) -> None:
    """Go on although a witness said that it had confirmed more of the log than there is: where the witness errs, not the database.

    Recorded under your account of this machine.
    """
    from infrastructure.log.epochs import resume

    with writing(catch_up=False) as registry:
        lifted = resume(registry.database.owner_url, account())
    if as_json:
        print_json({"lifted": lifted})
    else:
        say("The log goes on; that and who decided it are on the record.")


@app.command()
def proof(
    position: Annotated[int, typer.Argument(min=1, help="The position of the event, as the audit log shows it.")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; standard output otherwise.")] = None,
) -> None:
    """Write the proof that an event is in the log as a .tlog-proof file, which `audit log verify` checks without a registry."""
    from application.transparency import LogAnswer

    with reading() as registry:
        try:
            found: Inclusion = answered(registry, lambda: registry.transparency.inclusion(position))
        except LogAnswer as none:
            fail(str(none), REFUSED)
    if out is None:
        say(found.file().decode().removesuffix("\n"))
        return
    out.write_bytes(found.file())
    note(f"Leaf {found.leaf_index} of {found.head.size}: {found.entry.decode()}", "dim")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The .tlog-proof file.")],
    key: Annotated[
        list[str], typer.Option("--key", help="The log's verifier key, and those of witnesses; repeatable.")
    ],
    leaf: Annotated[
        Path | None, typer.Option("--leaf", help="The leaf's bytes; those that the file carries, where it is left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a proof file with keys alone: no registry, no network. Exit code 1 where it proves nothing."""
    from domain.log.checkpoint import TrustPolicy
    from domain.log.leaf import LogLeaf
    from domain.log.log_proof import LogProof
    from domain.merkle import TransparencyError

    try:
        proof = LogProof.parse(file.read_bytes())
        entry = leaf.read_bytes() if leaf is not None else proof.extra or b""
        trusted = proof.verify(entry, TrustPolicy.of(*key))
        shown = LogLeaf.parse(entry)
    except TransparencyError as error:
        fail(f"{error} ({error.code})", REFUSED)
    facts: dict[str, Any] = {
        "log": trusted.checkpoint.origin,
        "leaves": trusted.checkpoint.size,
        "leaf": proof.index,
        "stream": str(shown.stream_id),
        "version": shown.version,
        "topic": shown.topic,
        "position": shown.position,
        "sha256": shown.digest.hex(),
        "witnesses": [each.witness.name for each in trusted.cosignatures],
    }
    if as_json:
        print_json(facts)
    else:
        print_pairs("Proved", list(facts.items()))


def _files(registry: Any) -> LogFiles:
    from infrastructure.composition import log_files

    return log_files(registry.settings)
