"""``recognition audit log``: how far the transparency log is, holding events against it, its keys, epochs and proofs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import account
from console.language import spoken, worded
from console.opened import answered, reading, writing
from console.options import AsJson
from console.program import Commands
from console.progress import progress
from console.talk import REFUSED, fail, note, print_json, print_pairs, print_rows, say
from domain.messages import tell

if TYPE_CHECKING:
    from application.transparency import Inclusion
    from infrastructure.log.sequencer import LogFiles

app = Commands("audit.log")


@app.command()
def status(as_json: AsJson = False) -> None:
    """``recognition audit log status``: see ``command.audit.log.status``."""
    from infrastructure.log.checking import log_state

    with reading() as registry:
        state = log_state(registry.database.app_url, _files(registry))
    found, behind, refusal = state.epochs, state.behind, state.refusal
    if as_json:
        print_json({"epochs": found, "behind": behind, "refusal": worded(refusal.said) if refusal else None})
    else:
        rows = [(each.epoch, each.origin, each.size or 0, each.begun_at, each.operator, each.reason) for each in found]
        print_rows(tell("said.log.title"), ("epoch", "origin", "leaves", "begun", "by", "reason"), rows)
        note(tell("said.log.behind", behind=behind), "dim")
    if refusal is not None:
        if not as_json:
            fail(tell("said.coded", said=refusal.said, code=refusal.code), REFUSED)
        raise typer.Exit(REFUSED)


@app.command()
def check(as_json: AsJson = False) -> None:
    """``recognition audit log check``: see ``command.audit.log.check``."""
    from infrastructure.log.checking import check_log

    with reading() as registry, progress(tell("said.progress.checking")) as bar:
        found = check_log(registry.database.app_url, _files(registry), bar)
    if as_json:
        print_json(found)
    else:
        for each in found.deviations:
            note(each.sentence, "red")
        well = tell("said.log.well", position=found.position, leaves=found.leaves)
        note(well if not found.deviations else tell("said.log.not_well"), "green")
    if found.deviations:
        raise typer.Exit(REFUSED)


@app.command()
def key(as_json: AsJson = False) -> None:
    """``recognition audit log key``: see ``command.audit.log.key``."""
    from infrastructure.log.epochs import epochs

    with reading() as registry:
        found = epochs(registry.database.app_url)
    if not found:
        fail(tell("said.log.absent"))
    if as_json:
        print_json({"origin": found[-1].origin, "vkeys": found[-1].vkeys})
    else:
        for vkey in found[-1].vkeys:
            say(vkey)


@app.command("rotate")
def rotate_key(
    retire: Annotated[bool, typer.Option("--retire-old", help="help.audit.log.rotate.retire")] = False,
    as_json: AsJson = False,
) -> None:
    """``recognition audit log rotate``: see ``command.audit.log.rotate``."""
    from infrastructure.log.epochs import rotate

    with writing(catch_up=False) as registry:
        vkeys = rotate(registry.database.owner_url, _files(registry), account(), retire=retire)
    if as_json:
        print_json({"vkeys": vkeys})
        return
    for vkey in vkeys:
        say(vkey)
    if not retire:
        note(tell("said.log.give_first_key"))


@app.command("epoch")
def begin(
    reason: Annotated[str, typer.Option("--reason", help="help.audit.log.epoch.reason")],
    force: Annotated[bool, typer.Option("--although-it-goes-on", help="help.audit.log.epoch.force")] = False,
    as_json: AsJson = False,
) -> None:
    """``recognition audit log epoch``: see ``command.audit.log.epoch``."""
    from infrastructure.log.epochs import begin_epoch

    if not reason.strip():
        fail(tell("said.log.reason_missing"))
    with writing(catch_up=False) as registry:
        url, name = registry.database.owner_url, registry.settings.log_name
        begun = begin_epoch(url, _files(registry), name, account(), reason.strip(), force=force)
    if as_json:
        print_json(begun)
        return
    say(tell("said.log.epoch_begun", epoch=begun.epoch, origin=begun.origin))
    for vkey in begun.vkeys:
        say(vkey)
    note(tell("said.log.give_key_with_reason"))


@app.command("resume")
def resume_log(as_json: AsJson = False) -> None:
    """``recognition audit log resume``: see ``command.audit.log.resume``."""
    from infrastructure.log.epochs import resume

    with writing(catch_up=False) as registry:
        lifted = resume(registry.database.owner_url, account())
    if as_json:
        print_json({"lifted": lifted})
    else:
        say(tell("said.log.resumed"))


@app.command()
def proof(
    position: Annotated[int, typer.Argument(min=1, help="help.audit.log.proof.position")],
    out: Annotated[Path | None, typer.Option("--out", help="help.audit.log.proof.out")] = None,
) -> None:
    """``recognition audit log proof``: see ``command.audit.log.proof``."""
    from application.transparency import LogAnswer

    with reading() as registry:
        try:
            found: Inclusion = answered(registry, lambda: registry.transparency.inclusion(position))
        except LogAnswer as none:
            fail(none.text(spoken()), REFUSED)
    if out is None:
        say(found.file().decode().removesuffix("\n"))
        return
    out.write_bytes(found.file())
    note(tell("said.log.leaf", index=found.leaf_index, size=found.head.size, entry=found.entry.decode()), "dim")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="help.audit.log.verify.file")],
    key: Annotated[list[str], typer.Option("--key", help="help.option.key")],
    leaf: Annotated[Path | None, typer.Option("--leaf", help="help.audit.log.verify.leaf")] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit log verify``: see ``command.audit.log.verify``."""
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
        fail(tell("said.coded", said=error.said, code=error.code), REFUSED)
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
        print_pairs(tell("said.log.proved"), list(facts.items()))


def _files(registry: Any) -> LogFiles:
    from infrastructure.composition import log_files

    return log_files(registry.settings)
