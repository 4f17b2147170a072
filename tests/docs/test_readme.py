"""The README, in both languages, is true: its blocks run as they stand, one after another, and print what it shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sources import ROOT

READMES: Final = ("README.md", "README.zh-CN.md")
MARK: Final = "-- end of a block --"
VARYING: Final = (
    ("day", re.compile(r"\d{4}-\d\d-\d\d")),
    ("instant", re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")),
    ("position", re.compile(r"\d+")),
    ("case number", re.compile(r"ZJ\d{4}-[0-9A-Z]{5}-[0-9A-Z]{5}")),
    ("identifier", re.compile(r"(case|title)\.[0-9A-Za-z_.-]+")),
)
"""Values that are others at each run: only their shape is compared."""


@dataclass
class Block:
    """Commands of the README, and the answers that it shows below them."""

    commands: str
    answers: list[Any] = field(default_factory=list)


def blocks(readme: str) -> list[Block]:
    """Every ``sh`` block of a README in order, each with the ``json`` block that follows it."""
    found: list[Block] = []
    for language, text in re.findall(
        r"^```(\w+)\n(.*?)^```$", (ROOT / readme).read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        if language == "sh":
            found.append(Block(text))
        elif language == "json":
            found[-1].answers = [json.loads(line) for line in text.splitlines()]
    return found


def shape(value: Any) -> Any:
    """A value with what varies replaced by the name of its shape."""
    match value:
        case dict():
            return {key: shape(each) for key, each in value.items()}
        case list():
            return [shape(each) for each in value]
        case str():
            return next((f"<{name}>" for name, pattern in VARYING if pattern.fullmatch(value)), value)
        case _:
            return value


@pytest.fixture
def environment(data_dir: Path) -> Iterator[dict[str, str]]:
    """A newcomer's shell: the registry is served on a port of its own, from a data directory of its own."""
    kept = {key: each for key, each in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION", "PORT"))}
    kept |= {
        "RECOGNITION_DATA_DIR": str(data_dir),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
    }
    command = ["recognition", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=kept, cwd=data_dir, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as server:
        assert server.stdout is not None
        port = next(found[1] for line in server.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)/graphql", line)))
        try:
            yield kept | {"PORT": port}
        finally:
            server.terminate()
            server.stdout.read()


def test_the_blocks_run_as_they_stand(environment: dict[str, str]) -> None:
    """Pasted one after another into one shell they print the answers shown; dates and identifiers are compared by shape.

    Those of one README, since the other's are the same (``test_both_readmes_say_the_same``).
    """
    pasted = [block for block in blocks(READMES[0]) if "make serve" not in block.commands]
    assert len(pasted) > 3
    script = "".join(f"{block.commands}\necho '{MARK}'\n" for block in pasted)
    done = subprocess.run(
        ["sh", "-eu"],
        input=script,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    printed = done.stdout.split(f"{MARK}\n")[:-1]
    assert len(printed) == len(pasted)
    compared = 0
    for block, text in zip(pasted, printed, strict=True):
        answered = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        assert shape(answered) == shape(block.answers)
        assert all("errors" not in each for each in answered)
        compared += len(answered)
    assert compared > 3
    assert "approved" in printed[-1]


@pytest.mark.parametrize("readme", READMES)
def test_the_first_block_names_targets_of_the_makefile(readme: str) -> None:
    """`make serve` and `make test` are there, and lead to the server and to the tests."""
    first = blocks(readme)[0].commands
    targets = re.findall(r"^make (\w+)", first, re.MULTILINE)
    assert targets == ["serve", "test"]
    for target, means in zip(targets, ("recognition serve", "pytest"), strict=True):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
        assert means in done.stdout


def test_both_readmes_say_the_same() -> None:
    """The same blocks but for the comments of the first, the same commands, settings and links; each links to the other."""
    english, chinese = ((ROOT / each).read_text("utf-8") for each in READMES)
    commands = [[block.commands for block in blocks(each)] for each in READMES]
    assert commands[0][1:] == commands[1][1:]
    uncommented = [re.sub(r"\s+#.*", "", each[0]) for each in commands]
    assert uncommented[0] == uncommented[1]
    assert [shape(b.answers) for b in blocks(READMES[0])] == [shape(b.answers) for b in blocks(READMES[1])]
    for pattern in (r"^\| `recognition [^|]*\|", r"^\| `[A-Z_]+`(?:, `[A-Z_]+`)* \|", r"^## "):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)]
        assert len(found[0]) > 3
        assert found[0] == found[1] or (pattern == r"^## " and len(found[0]) == len(found[1]))
    links = [
        {link.replace(".zh-CN.md", ".md") for link in re.findall(r"\]\(([^)]+)\)", text)} - set(READMES)
        for text in (english, chinese)
    ]
    assert links[0] == links[1]
    assert "](README.zh-CN.md)" in english
    assert "](README.md)" in chinese


@pytest.mark.parametrize("readme", READMES)
def test_every_link_and_command_is_there(readme: str) -> None:
    """Files that are linked exist, and the commands of the table are commands."""
    from tests.console.test_every_command import COMMANDS

    text = (ROOT / readme).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []
    named = re.findall(r"^\| `recognition ((?:[a-z]+ ?)+)", text, re.MULTILINE)
    assert len(named) > 8
    assert [each for each in named if not any(" ".join(path).startswith(each.strip()) for path in COMMANDS)] == []
