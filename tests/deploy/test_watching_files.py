"""The files by which operators watch a registry: rules, their tests, the scrape configuration and the board."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sources import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
BOARD = ROOT / "deploy" / "grafana" / "recognition.json"
METRIC = re.compile(r"\b(?:recognition|process)_[a-z_]+\b")
OF_PROCESSES = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
"""Of prometheus-client itself."""


def promtool(*words: str) -> str:
    """What ``promtool`` says; the test is skipped where it is not installed."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus), so the rules are not checked here")
    done = subprocess.run([tool, *words], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_and_configuration_are_well_formed() -> None:
    """As Prometheus itself reads them."""
    assert "SUCCESS" in promtool("check", "rules", "recognition.rules.yml")
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


def test_each_alert_fires_when_it_should() -> None:
    """The rules' own tests pass, and each alert has one that sees it fire."""
    promtool("test", "rules", "recognition.rules.test.yml")
    tests = (PROMETHEUS / "recognition.rules.test.yml").read_text("utf-8")
    fired = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", tests))
    assert alerts() == fired
    assert len(fired) > 10


def alerts() -> set[str]:
    """The names of all alerts."""
    return set(re.findall(r"- alert: (\w+)", (PROMETHEUS / "recognition.rules.yml").read_text("utf-8")))


def exported() -> set[str]:
    """The names of all series, as the code declares them."""
    code = (ROOT / "console" / "metrics.py").read_text("utf-8")
    named = set(re.findall(r'"(recognition_[a-z_]+)"', code))
    named |= {f"recognition_{name}" for name in re.findall(r'_gauge\(\s*"([a-z_]+)"', code)}
    suffixes = ("", "_total", "_bucket", "_count", "_sum")
    return {name + suffix for name in named for suffix in suffixes} | OF_PROCESSES


@pytest.mark.parametrize("path", [PROMETHEUS / "recognition.rules.yml", BOARD], ids=lambda path: path.name)
def test_what_is_asked_for_is_exported(path: Path) -> None:
    """An alert or a panel over a series that nobody exports would be silent for ever."""
    asked = set(METRIC.findall(re.sub(r"recognition:[a-z_:0-9]+", "", path.read_text("utf-8"))))
    assert len(asked) > 8
    assert asked - exported() == set()


def test_the_board_is_one_that_grafana_takes() -> None:
    """JSON with panels of different numbers that do not overlap, each with a question and a title."""
    board = json.loads(BOARD.read_text("utf-8"))
    panels = board["panels"]
    assert len({each["id"] for each in panels}) == len(panels) > 10
    cells = [
        (each["gridPos"]["x"] + x, each["gridPos"]["y"] + y)
        for each in panels
        for x in range(each["gridPos"]["w"])
        for y in range(each["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(each["title"] and each["targets"] and each["targets"][0]["expr"] for each in panels)
    assert max(x for x, _ in cells) == 23
