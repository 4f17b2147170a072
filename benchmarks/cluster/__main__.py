"""A cluster that loses nodes under load: ``python -m benchmarks.cluster [--only N …] [--write]``, or ``make cluster-drill``.

Three nodes of PostgreSQL 15 under Patroni with synchronous replication, etcd and HAProxy on this machine; two servers of the registry,
each with a data folder of its own, which write through HAProxy and read from the standbys too. Writers submit with idempotency keys and
read each case back at its position; followers read every event. Then nodes fail, one way after another. On the leader that Patroni names
everything that was told must be there, once, and each follower must have seen each event, once; no answer may be a defect, and nobody
starts a server of the registry again.

Two controls show that the drill can fail: an asynchronous cluster loses acknowledged writes, which the servers notice, and recovery to
an instant is exact. Times are printed beside their bars; the exit code is 1 where something was lost or a control did not fail.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import restore_drill
from benchmarks.cluster.faults import FAULTS, Fault, rolling_restart
from benchmarks.cluster.hosts import Host, hosts
from benchmarks.cluster.load import WRITERS, load
from benchmarks.cluster.nodes import OWNER, Cluster, cluster, until
from benchmarks.cluster.packages import programs
from benchmarks.cluster.verdict import Verdict, verdict

FOLDER = Path(tempfile.gettempdir()) / "recognition-cluster"
"""Where programs that are not on this machine are kept between drills."""
_SPACING = 10_000_000
"""Acts of one trial are numbered from a multiple of this on."""


def trial(made: Cluster, servers: Sequence[Host], fault: Fault, number: int) -> tuple[Verdict, float]:
    """A fault amid load, and what became of everything; and the seconds until there was a leader again."""
    with load(servers, made.url(), number * _SPACING) as work:
        work.answered(10 * WRITERS)
        since = time.monotonic()
        struck = fault.strike(made, servers)
        leader = struck if fault.leads_on else made.new_leader(but=struck)
        led = time.monotonic() - since
        work.answered(10 * WRITERS)
        time.sleep(2)
    judged = verdict(leader, work, since)
    print(f"    outages met: {dict(work.told.outages)}; {work.told.read} cases read back", flush=True)
    if not fault.lost and not fault.leads_on:
        if struck.process is None or struck.process.poll() is not None:
            struck.start()
        made.whole()
    elif fault.lost:
        made.whole(len(made.nodes) - 1)
    return judged, led


def restarted(made: Cluster, servers: Sequence[Host], number: int) -> Verdict:
    """The servers of the registry restarted one by one amid load."""
    with load(servers, made.url(), number * _SPACING) as work:
        work.answered(10 * WRITERS)
        since = time.monotonic()
        rolling_restart(made, servers)
        work.answered(10 * WRITERS)
    leader = made.new_leader()
    return verdict(leader, work, since)


def asynchronous(made: Cluster, servers: Sequence[Host], number: int) -> tuple[Verdict, bool]:
    """The control: without a standby that confirms, what was acknowledged is lost; and whether every server noticed."""
    made.configure(synchronous_mode=False, synchronous_mode_strict=False)
    until(lambda: made.synchronous() is None, 60, "an asynchronous cluster")
    made.whole(synchronous=False)
    time.sleep(3)
    with load(servers, made.url(), number * _SPACING) as work:
        work.answered(10 * WRITERS)
        struck = until(made.leader, 60, "a leader")
        stopped = [each for node in made.nodes if node is not struck for each in node.receivers()]
        for each in stopped:
            each.suspend()
        work.answered(5 * WRITERS)
        since = time.monotonic()
        struck.kill_postmaster()
        for each in stopped:
            each.kill()  # resumed, it would still find what was sent in the kernel's buffers
        leader = made.new_leader(but=struck)
        noticed = _noticed(servers)
    return verdict(leader, work, since), noticed


def _noticed(servers: Sequence[Host]) -> bool:
    try:
        return all(until(lambda host=each: "history" in host.ready()["failing"], 60, "notice") for each in servers)
    except TimeoutError:
        return False


def row(name: str, judged: Verdict, led: float | None, bar: float) -> str:
    """A line of the table."""
    after = "–" if led is None else f"{led:.1f} s"
    return (
        f"| {name} | {after} | {judged.gap:.1f} s | {bar:.0f} s | {judged.acknowledged} | {judged.lost} |"
        f" {judged.skipped} | {judged.doubled} |"
    )


def drill(only: Sequence[int], logs: Path | None) -> int:
    """The whole drill; the exit code."""
    lines, wrong = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        found = programs(FOLDER)
        folder.chmod(0o711)
        found.own(folder)
        if logs is not None:
            stack.callback(
                shutil.copytree,
                folder,
                logs,
                ignore=shutil.ignore_patterns("node?", "etcd", ".s.*", "evidence", "*.keys"),
                dirs_exist_ok=True,
            )
        begun = time.monotonic()
        made = stack.enter_context(cluster(folder, found))
        print(f"three nodes, two of them standbys that stream, after {time.monotonic() - begun:.1f} s", flush=True)
        servers = stack.enter_context(hosts(folder, made.url(), [each.url(OWNER) for each in made.nodes]))
        for number, fault in enumerate(FAULTS, 1):
            if only and number not in only:
                continue
            print(f"{number}. {fault.name}", flush=True)
            judged, led = trial(made, servers, fault, number)
            lines.append(row(fault.name, judged, None if fault.leads_on else led, fault.bar))
            print(lines[-1], flush=True)
            wrong += [] if judged.clean else [f"{fault.name}: {judged}"]
        if not only or 8 in only:
            judged = restarted(made, servers, 8)
            lines.append(row("each server of the registry restarted in turn", judged, None, 15))
            print(lines[-1], flush=True)
            wrong += [] if judged.clean else [f"rolling restart: {judged}"]
        wrong += [f"{each.url} was started {each.starts} times" for each in servers if each.starts > 2]
        wrong += [f"{each.url}: {line}" for each in servers for line in each.unexpected()[:3]]
        if not only or 9 in only:
            judged, noticed = asynchronous(made, servers, 9)
            lines.append(row("control: asynchronous", judged, None, 15))
            print(lines[-1], flush=True)
            wrong += [] if judged.lost else ["the control failed: an asynchronous cluster lost nothing"]
            wrong += [] if noticed else ["the control failed: a server did not notice what was lost"]
    if not only or 10 in only:
        with tempfile.TemporaryDirectory(prefix="restore-drill-") as name:
            Path(name).chmod(0o711)
            for step, seconds in restore_drill.drill(Path(name), 40).items():
                print(f"control: {step:<32} {seconds:6.1f} s")
    print("\n".join(lines))
    controls = "" if only and not {9, 10} <= {*only} else "; both controls ended as they must"
    print("\n".join(wrong) or f"Nothing that was told was lost, skipped or doubled{controls}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", type=int, nargs="*", default=[], help="numbers of faults; 8: restarts, 9 and 10: the controls"
    )
    parser.add_argument("--logs", type=Path, help="a folder in which what the servers said is kept")
    options = parser.parse_args()
    sys.exit(drill(options.only, options.logs))
