"""Whatever is typed, to whichever command: one sentence, the right exit code, and nothing made.

The tree of commands is walked, so that none can be left out.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner, Result

from console.cli import app
from infrastructure.postgres.migrations import load_migrations, migrate

ROOT: Final = typer.main.get_command(app)
CLOSED: Final = "postgresql://nobody:pass-word@127.0.0.1:1/none"
LONG_RUNNING: Final = {("serve",), ("demo",)}
"""Commands that make a registry of their own and stay."""
OTHERS: Final = {("ask",), ("audit", "watch"), ("audit", "witness"), ("audit", "log", "verify"), ("audit", "verify")}
"""Commands about a registry elsewhere, by its address, key or file; they ask none of their own."""
ANSWERED: Final = {("ask",), ("match",), *(("case", each) for each in ("show", "history", "due", "integrity"))}
"""Commands that a server answers too; all others are the operator's own."""
MAKES_ONE: Final = {("restore",)}
"""Commands that fill an empty place."""
TELLS_WHAT_IS_WRONG: Final = {("doctor",)}
"""Commands whose answer is what is wrong with a registry, that there is none too (tests/console/test_doctor.py)."""
NEEDS_NO_REGISTRY: Final = {("catalog", "import")}
WRITES_A_KEY: Final = {("token",)}
"""Development tokens are signed by a key that the first of them makes."""
TAKES_ONE: Final = {("match",), ("audit", "export")}
"""Commands that want their argument or an option in its place."""
HOSTILE: Final = {
    "NUL": "a\0b",
    "huge": "长" * 100_000,
    "surrogate": "\udcff\udcfe",
    "control": "\x1b[2J\x07\r\n\x85",
    "markup": "[bold]x[/nonsense] [/]",
    "injection": "'; DROP SCHEMA registry CASCADE; --",
    "number": "99999999999999999999999999",
    "dash": "--",
    "folder": "/",
    "device": "/dev/null",
    "blank": "  ",
    "empty": "",
}
SAMPLE: Final = {
    "number": "1",
    "case": "ZJ2026-4T9QK-7H2MB",
    "title": "ZJ2026-4T9QK-7H2MB",
    "search": "AWS",
    "name": "AWS SA Pro",
    "file": "entries.csv",
    "amendment": "5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10",
    "proposal": "5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10",
    "position": "7",
    "a": "1",
    "b": "2",
    "url": "http://127.0.0.1:1",
    "document": "browse-the-catalog",
}
OPTION: Final = {
    "--notice": "通知",
    "--effective": "2027-01-01",
    "--reason": "why",
    "--code": "zj-2026-x",
    "--name": "目录",
    "--role": "AUDITOR",
    "--key": "no key",
    "--log": "no key",
    "--seed": "2026",
}


def leaves(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that name it."""
    for name, each in getattr(command, "commands", {}).items():
        if hasattr(each, "commands"):
            yield from leaves(each, (*path, name))
        else:
            yield (*path, name), each


COMMANDS: Final = dict(leaves())
READING: Final = {path: each for path, each in COMMANDS.items() if path not in LONG_RUNNING}


def arguments(command: Any) -> list[Any]:
    """The arguments of a command, in order."""
    return [each for each in command.params if each.param_type_name == "argument"]


def options(command: Any) -> list[Any]:
    """The options of a command that take a value."""
    return [each for each in command.params if each.param_type_name == "option" and not each.is_flag]


def flag_of(option: Any) -> str:
    """An option as people write it."""
    return max(option.opts, key=len)


def sound(path: tuple[str, ...]) -> list[str]:
    """A call with everything that the command demands, of the right shape."""
    command = COMMANDS[path]
    given = [SAMPLE[each.name] for each in arguments(command) if each.required or path in TAKES_ONE]
    named = [[flag_of(each), OPTION[flag_of(each)]] for each in options(command) if each.required]
    extra = ["entries.csv"] if path == ("catalog", "amend") else []
    return [*path, *given, *extra, *itertools.chain(*named)]


@pytest.fixture(autouse=True, scope="module")
def _one_tree() -> Iterator[None]:
    """The runner makes the whole tree anew at each call; one does, as in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", lambda _app: ROOT)
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without a registry, and an environment that names none."""
    for name in list(os.environ):
        if name.startswith(("DATABASE", "RECOGNITION")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RECOGNITION_POOL_MIN_SIZE", "0")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*words: str) -> Result:
    """``recognition`` in this process; it must not end in an exception."""
    result = CliRunner().invoke(app, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    assert "Traceback" not in result.output
    assert "defect of the registry" not in result.output, (words[:4], result.stderr[:500])
    return result


def sentence(result: Result, ends: int = 2) -> str:
    """The one sentence of a failed call: nothing on standard output, one line that begins with ``error:``."""
    assert result.exit_code == ends, result.output[:500]
    assert result.stdout == ""
    found = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(found) == 1, result.stderr[:500]
    assert len(found[0]) < 2_000
    return found[0]


def test_there_are_commands_to_try() -> None:
    """The walk finds them all, at every depth."""
    assert len(COMMANDS) > 15
    assert {("serve",), ("case", "show"), ("catalog", "amend"), ("projections", "status"), ("keys", "rotate")} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_everywhere(path: tuple[str, ...], option: str) -> None:
    """With a sentence that says what for; what is required is shown as required."""
    result = run(*path, option)
    assert (result.exit_code, result.stderr) == (0, "")
    assert COMMANDS[path].help
    required = sum(bool(each.required) for each in COMMANDS[path].params)
    assert result.stdout.count("[required]") == required


@pytest.mark.parametrize("path", [(), ("case",), ("audit",), ("catalog",), ("projections",), ("keys",)], ids=" ".join)
def test_a_group_alone_shows_its_help(path: tuple[str, ...]) -> None:
    """On standard error, since nothing was done; exit code 2."""
    result = run(*path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_what_is_unknown_or_missing_is_said(path: tuple[str, ...], here: Path) -> None:
    """An option that is not there names the nearest one; a missing argument is named; nothing is made."""
    known = next(
        flag
        for flag in ("--json", "--help")
        if any(flag in each.opts for each in COMMANDS[path].params) or flag == "--help"
    )
    assert f"Did you mean {known}?" in sentence(run(*path, known[:-1] + "x" if known == "--json" else "--hepl"))
    if any(each.required for each in COMMANDS[path].params):
        assert "Missing" in sentence(run(*path))
    assert "unexpected" in sentence(run(*sound(path), *["1"] * 9)).lower()
    assert list(here.iterdir()) == []


def test_an_unknown_command_names_the_nearest() -> None:
    """At every depth."""
    assert "Did you mean 'serve'?" in sentence(run("sevre"))
    assert "Did you mean 'history'?" in sentence(run("catalog", "histroy"))


@pytest.mark.parametrize("path", READING, ids=" ".join)
def test_where_there_is_no_registry_none_is_made(path: tuple[str, ...], here: Path) -> None:
    """The command says which registry it asked and how to name another; the folder stays as it was."""
    entries = "序号,境外职业资格名称,境外职业资格译名,证书颁发机构,比照认定职称,专业领域\n1,A,甲,乙,工程师,数字经济\n"
    (here / "entries.csv").write_text(entries, encoding="utf-8")
    result = run(*sound(path))
    if path in WRITES_A_KEY | NEEDS_NO_REGISTRY:
        assert result.exit_code == 0, result.output
    elif path in OTHERS | MAKES_ONE:
        sentence(result, result.exit_code)
    elif path in TELLS_WHAT_IS_WRONG:
        assert result.exit_code == 1
        assert f"There is no registry in the data directory {here / 'var'}" in result.stdout
        assert {each.name for each in here.iterdir()} == {"entries.csv"}
    else:
        said = sentence(result)
        assert f"There is no registry in the data directory {here / 'var'}" in said
        assert "RECOGNITION_DATA_DIR" in said
        assert {each.name for each in here.iterdir()} == {"entries.csv"}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_database_that_is_away_is_named_without_its_password(
    path: tuple[str, ...], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host and name, never user or password; exit code 2."""
    if path in WRITES_A_KEY | NEEDS_NO_REGISTRY | OTHERS | MAKES_ONE | TELLS_WHAT_IS_WRONG | {("demo",)}:
        pytest.skip("asks no database that is given")
    (here / "entries.csv").write_text(
        "序号,境外职业资格名称,境外职业资格译名,证书颁发机构,比照认定职称,专业领域\n1,A,甲,乙,工程师,数字经济\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("DATABASE_URL", CLOSED)
    said = sentence(run(*sound(path), *(["--port", "0"] if path == ("serve",) else [])))
    assert "pass-word" not in said
    assert "DATABASE_URL" in said
    if path != ("serve",):
        assert "none at 127.0.0.1:1" in said
    assert {each.name for each in here.iterdir()} == {"entries.csv"}


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://u:pass-word@h/d", "mysql://u:pass-word@h/d", "nonsense", "host=127.0.0.1 port=x", "\udcff"],
)
def test_a_string_that_is_no_connection_string_is_not_quoted(
    url: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold a password."""
    monkeypatch.setenv("DATABASE_URL", url)
    for words in (("projections", "status"), ("projections", "rebuild"), ("serve", "--port", "0")):
        said = sentence(run(*words))
        assert "pass-word" not in said
        assert "DATABASE_URL" in said
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_server_is_asked_what_it_answers_and_nothing_else(path: tuple[str, ...], here: Path) -> None:
    """Where none answers, the sentence says so, without the token; what is the operator's own names the way out. Nothing is made."""
    said = sentence(
        run(
            *sound(path),
            "--server",
            "http://127.0.0.1:1",
            *(["--token", "se-cret"] if path == ("case", "show") else []),
        )
    )
    assert ("Nobody answers at http://127.0.0.1:1/graphql" in said) == (path in ANSWERED)
    assert ("leave out --server and RECOGNITION_SERVER" in said) == (path not in ANSWERED)
    assert "se-cret" not in said
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.usefixtures("here")
def test_a_hostile_address_ends_in_a_sentence(kind: str) -> None:
    """No server is guessed from it, and no database asked in its place."""
    assert "There is no registry in" not in sentence(run("case", "due", "--server", HOSTILE[kind]))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_words_end_in_a_sentence(path: tuple[str, ...], kind: str, here: Path) -> None:
    """In the place of each argument and each option: no traceback, no exit code but 0, 1 and 2, nothing made."""
    command = COMMANDS[path]
    if path not in LONG_RUNNING:
        given = [HOSTILE[kind] for _ in arguments(command)]
        tried = [
            [
                *path,
                *given,
                *(
                    word
                    for each in options(command)
                    if each.required
                    for word in (flag_of(each), OPTION[flag_of(each)])
                ),
            ]
        ]
    else:
        tried = []
    tried += [
        [*sound(path), flag_of(each), HOSTILE[kind]]
        for each in options(command)
        if path != ("serve",) or each.name == "port" or kind != "blank"
    ]
    last = ["--port", "-1"] if path == ("serve",) else []  # whatever else is said, it does not start here
    for words in tried:
        result = run(*words, *last)
        assert result.exit_code in {0, 1, 2}
        if result.exit_code and path not in TELLS_WHAT_IS_WRONG:
            sentence(result, result.exit_code)
    made = {each.name for each in here.rglob("*")} - {"var", "development-key.pem", "development-key.json"}
    assert path in WRITES_A_KEY or made == set(), made


@pytest.mark.usefixtures("here")
def test_the_role_of_the_registry_itself_is_nobody_s() -> None:
    """SYSTEM signs in nowhere."""
    assert "--role" in sentence(run("token", "--role", "system"))


def test_a_schema_of_an_older_release_is_not_migrated_by_reading(
    empty_database: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a schema there is no registry; with an older one the command that migrates is named. Neither is changed."""
    monkeypatch.setenv("DATABASE_URL", empty_database.owner_url)
    name = conninfo_to_dict(empty_database.owner_url)["dbname"]
    said = sentence(run("projections", "status"))
    assert f"There is no registry in the database {name} at" in said
    migrate(empty_database.owner_url, load_migrations()[:-1])
    for words in (("projections", "status"), ("projections", "check"), ("case", "show", "x"), ("keys", "status")):
        said = sentence(run(*words))
        assert "older than this release" in said
        assert "recognition serve" in said
    assert list(here.iterdir()) == []


def process(*words: str, **more: Any) -> subprocess.Popen[str]:
    """``recognition`` in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION"))}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | more.pop("environment", {})
    return subprocess.Popen(
        [sys.executable, "-m", "console", *words],
        env=environment,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **more,
    )


def test_a_closed_pipe_ends_quietly() -> None:
    """`recognition … | head`: nobody reads on, and nothing is said."""
    reader, writer = os.pipe()
    os.close(reader)
    started = process("--help", stdout=writer)
    os.close(writer)
    _, said = started.communicate(timeout=30)
    assert (started.returncode, said) == (141, "")


def test_a_full_disk_is_said() -> None:
    """Nothing that was to be written is lost without a word."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        started = process("--version", stdout=full)
    _, said = started.communicate(timeout=30)
    assert started.returncode == 2
    assert re.fullmatch(r"error: .*No space left on device.*\n", said)


def test_interrupted_while_it_starts(data_dir: Path) -> None:
    """Ctrl-C before the server serves: one sentence, exit code 130, and the database it began goes down again."""
    started = process("serve", "--port", "0", environment={"RECOGNITION_DATA_DIR": str(data_dir)})
    assert started.stderr is not None
    line = started.stderr.readline()
    assert "Opening" in line
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert "Traceback" not in said
    assert started.returncode in {0, 130}


def test_an_encoding_that_holds_no_chinese_loses_nothing(here: Path) -> None:
    """Characters that a terminal's encoding lacks are written as escapes."""
    started = process("case", "show", "案件", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, cwd=here)
    out, said = started.communicate(timeout=30)
    assert (started.returncode, out) == (2, "")
    assert "Traceback" not in said


HEAVY: Final = (
    "psycopg",
    "strawberry",
    "eventsourcing",
    "cryptography",
    "openpyxl",
    "uvicorn",
    "rapidfuzz",
)


def test_help_imports_nothing_that_a_command_needs() -> None:
    """So that it is there at once: the libraries of the registry are imported by the command that runs."""
    script = (
        "import sys\nfrom console.cli import app\ntry:\n app(['catalog', 'amend', '--help'])\nexcept SystemExit:\n pass\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert "--dry-run" in done.stdout
    assert done.stderr == ""


def test_colour_is_left_out_where_it_is_not_wanted(here: Path) -> None:
    """NO_COLOR, whatever it says (no-color.org), and every stream that is no terminal."""
    started = process("nonsense", environment={"NO_COLOR": "1", "FORCE_COLOR": "1"}, cwd=here)
    assert "\x1b[3" not in started.communicate(timeout=30)[1]


def test_the_version_is_the_package_s() -> None:
    """``--version`` alone, on standard output."""
    from importlib.metadata import version

    assert run("--version").stdout == f"recognition {version('recognition-registry')}\n"
