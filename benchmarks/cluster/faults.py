"""What befalls a cluster, and how it is mended: each a fault amid load, and how long writes may stay away after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from benchmarks.cluster.hosts import Host
from benchmarks.cluster.nodes import Cluster, Node, until

PROCESS: Final = 15.0
"""Seconds after the death of a process within which writes are back."""
MACHINE: Final = 25.0
"""The same of a machine, or of Patroni alone: Patroni's ttl of 20 seconds has to pass first."""


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, its bar in seconds, and what does it; it answers the leader that was."""

    name: str
    bar: float
    strike: Callable[[Cluster, Sequence[Host]], Node]
    leads_on: bool = False
    """Whether the leader stays what it is."""
    lost: bool = False
    """Whether the node stays away."""


def _leading(cluster: Cluster) -> Node:
    node: Node = until(cluster.leader, 60, "a leader")
    return node


def postmaster(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """PostgreSQL dies on the leader; its Patroni sees it."""
    node = _leading(cluster)
    node.kill_postmaster()
    return node


def supervised(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """Patroni and PostgreSQL die together; a service manager starts Patroni again a second later."""
    node = _leading(cluster)
    node.kill()
    time.sleep(1)
    node.start()
    return node


def patroni_alone(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """Patroni dies on the leader, and PostgreSQL goes on without it: whoever still reaches it must not split the cluster."""
    node = _leading(cluster)
    node.kill_patroni()
    return node


def receivers_stopped(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """What receives the log hangs on both standbys: commits wait, and are told of only when a standby has them."""
    node = _leading(cluster)
    stopped = [each for other in cluster.nodes if other is not node for each in other.receivers()]
    if not stopped:
        raise LookupError("no receiver of the log runs")
    for each in stopped:
        each.suspend()
    time.sleep(6)
    for each in stopped:
        each.resume()
    return node


def receivers_killed(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """What receives the log dies on both standbys, again and again for three seconds."""
    node = _leading(cluster)
    for _ in range(6):
        for each in [each for other in cluster.nodes if other is not node for each in other.receivers()]:
            each.kill()
        time.sleep(0.5)
    return node


def machine(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """The leader's machine is lost for good: everything on it dies, and nothing starts it again."""
    node = _leading(cluster)
    node.kill()
    return node


def fail_back(cluster: Cluster, _hosts: Sequence[Host]) -> Node:
    """The lost machine comes back and catches up, and by an operator's word a standby that has every commit leads."""
    leader = _leading(cluster)
    lost = next(each for each in cluster.nodes if each.process is None or each.process.poll() is not None)
    lost.start()
    cluster.whole()
    candidate = until(cluster.synchronous, 60, f"a standby that has what {leader.name} has")
    answer = httpx.post(
        f"http://127.0.0.1:{leader.rest}/switchover",
        json={"leader": leader.name, "candidate": candidate.name},
        timeout=60,
    )
    answer.raise_for_status()
    return leader


def rolling_restart(_cluster: Cluster, hosts: Sequence[Host]) -> None:
    """Each server of the registry ends and is started again, one after the other, each when the one before is ready."""
    for each in hosts:
        each.stop()
        each.start()
        until(lambda host=each: host.ready()["status"] == "ok", 120, "a server that is ready")


FAULTS: Final = (
    Fault("PostgreSQL killed on the leader", PROCESS, postmaster),
    Fault("PostgreSQL and Patroni killed, Patroni started again after 1 s", PROCESS, supervised),
    Fault("Patroni alone killed", MACHINE, patroni_alone),
    Fault("log receivers of both standbys stopped for 6 s", PROCESS, receivers_stopped, leads_on=True),
    Fault("log receivers of both standbys killed for 3 s", PROCESS, receivers_killed, leads_on=True),
    Fault("the leader's machine lost for good", MACHINE, machine, lost=True),
    Fault("the lost machine back, and a switch-over", PROCESS, fail_back),
)
