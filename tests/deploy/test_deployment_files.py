"""What an installation is made with: the units, the container, the proxies. What can be run here is run; the rest is checked by the programs that read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from infrastructure.configuration import read_file
from infrastructure.settings import Settings
from tests.sources import ROOT

DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
MOST_EXPOSED = 2.0
"""Of ten, as systemd-analyze counts; an ordinary service has above nine."""


def ran(program: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a program says of a file; the test is skipped where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed, so what it reads is not checked here")
    return subprocess.run(
        [found, *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", **environment},
    )


def test_the_unit_is_well_formed_and_little_exposed() -> None:
    """Systemd itself reads it; only the path of the program, which is not here, is remarked upon."""
    done = ran("systemd-analyze", "verify", *map(str, sorted(SYSTEMD.glob("recognition*.*"))))
    remarks = [line for line in done.stderr.splitlines() if "recognition" in line and "is not executable" not in line]
    assert remarks == []
    done = ran("systemd-analyze", "security", "--offline=true", str(SYSTEMD / "recognition.service"))
    level = re.search(r"exposure level for recognition\.service: ([\d.]+)", done.stdout)
    assert level is not None, done.stdout + done.stderr
    assert float(level[1]) <= MOST_EXPOSED


def test_units_call_commands_that_exist() -> None:
    """With options that they have."""
    from console.cli import app
    from tests.console.test_every_command import COMMANDS

    assert app is not None
    for unit in SYSTEMD.glob("*.service"):
        line = re.search(r"^ExecStart=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
        assert line is not None
        command, options = re.search(r"recognition (\w+)", line[1]), re.findall(r"(--[a-z-]+)", line[1])
        assert command is not None
        known = {flag for each in COMMANDS[(command[1],)].params for flag in each.opts} | {"--config"}
        assert set(options) <= known, unit.name


def test_the_container_runs_as_nobody_in_particular() -> None:
    """No engine runs here, so the image is not built: its file is held to what the build needs and to an ordinary user.

    Every package is copied, with what it is built from; images have a version; what runs, runs as a number that is not root's.
    """
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    stages = text.split("\nFROM ")
    copied = set(re.findall(r"^COPY (?!--from)([^\n]+) \S+$", text, re.MULTILINE))
    files = {each for line in copied for each in line.split()}
    assert all((ROOT / each).exists() for each in files)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    tops = {name.partition(".")[0] for name in packages}
    tops = {"graphql" if name in {"compiled", "registry_api", "transport"} else name for name in tops}
    assert tops <= files
    ignored = (DEPLOY / "container" / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    assert {f"!{each}" for each in files} == {line for line in ignored if line.startswith("!")}
    assert re.findall(r"^USER (\d+:\d+)$", stages[-1], re.MULTILINE) == ["10001:10001"]
    assert stages[-1].rindex("USER ") < stages[-1].rindex("ENTRYPOINT ")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert images
    assert all(re.search(r":\d", each) for each in images)
    assert "--require-hashes" in text


def test_the_composition_is_well_formed() -> None:
    """Compose reads it without an engine; roots are read-only, nobody gains privileges, and what is not for the world is not published."""
    file = DEPLOY / "container" / "compose.yml"
    text = file.read_text("utf-8")
    assert text.count("read_only: true") == text.count("no-new-privileges:true") == 3
    assert re.findall(r"ports: \[(.*)\]", text) == ['"80:80", "443:443"']
    if shutil.which("docker") is None or ran("docker", "compose", "version").returncode != 0:
        pytest.skip("docker's compose is not installed, so the composition is not read here")
    done = ran("docker", "compose", "-f", str(file), "config", "--quiet")
    assert done.returncode == 0, done.stderr


def test_the_example_settings_are_settings() -> None:
    """Each name is one, and the values have its shape."""
    path = DEPLOY / "container" / "registry.example.toml"
    found = read_file(path, Settings.model_fields.keys())
    assert Settings(**found).token_issuer
    proxy = str(Settings(**found).trusted_proxies[0]).removesuffix("/32")
    assert proxy in (DEPLOY / "container" / "compose.yml").read_text("utf-8")


def test_caddy_reads_its_file() -> None:
    """As it is, and with another site and upstream."""
    done = ran(
        "caddy",
        "validate",
        "--adapter",
        "caddyfile",
        "--config",
        str(DEPLOY / "caddy" / "Caddyfile"),
        RECOGNITION_SITE="localhost:18443",
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_both_proxies_hide_what_is_for_operators() -> None:
    """And state the caller's address themselves."""
    nginx = (DEPLOY / "nginx" / "recognition.conf").read_text("utf-8")
    caddy = (DEPLOY / "caddy" / "Caddyfile").read_text("utf-8")
    for hidden in ("/metrics", "/readyz"):
        assert f"location = {hidden} {{ return 404; }}" in nginx
        assert hidden in caddy
    assert "X-Forwarded-For $remote_addr" in nginx
    assert "X-Forwarded-For {remote_host}" in caddy


def test_paths_in_units_and_guides_agree() -> None:
    """The data directory is one."""
    for path in (SYSTEMD / "recognition.service", DEPLOY / "container" / "Containerfile"):
        assert "/var/lib/recognition" in Path(path).read_text("utf-8")
