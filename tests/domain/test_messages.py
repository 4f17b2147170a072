"""The catalogue of messages: complete, the same in both languages, and used whole."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any, get_args

import pytest
import typer

import domain
from application.outages import Outage
from console.audit_commands import CountedBy
from console.cli import app
from console.web.speaking import WORDS
from domain.base import Event
from domain.case.events import Matched
from domain.identity_numbers import IdentityKind
from domain.messages import Language, Message, MessageDefect, facts_of, spoken, tell
from domain.messages import sentences as sentences_module
from domain.messages.sentences import sentences
from domain.refusals import RefusalCode, Refused
from domain.streams import AGGREGATES
from domain.values import TYPED, CaseStatus, MatchOutcome, PersonalData, Role
from infrastructure.identity import RefusalReason
from infrastructure.projections.positions import ProjectionStatus
from tests.golden.archive import event_classes
from tests.sources import ROOT, all_modules
from transport import explorer
from transport.errors import ErrorCode

HAN = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(
    r"[,;?!](?=\s|$|[\u4e00-\u9fff])|[\u4e00-\u9fff“”]\.(?![a-z/])|\([^)]*[\u4e00-\u9fff][^)]*\)|\""
)
PLACES = re.compile(r"\{[^}]*\}|`[^`]*`")
HANDED_ON = {"evidence.under_way", "feed.under_way"}
"""Keys that are handed to what counts what is under way, and told there."""
PARTS = ("limit.", "advice.", "place.", "expectation.", "event.stored")
"""The beginnings of the keys of parts of sentences; ``limit.exceeded`` is whole."""
WORDS_OF_OTHERS = {"request.persisted_not_found", "request.parse_failed", "request.validation_failed"}
"""Words that a protocol fixes, or that a library says after our own sentence in Chinese."""
FRAGMENTS = {"entry.alias_says", "entry.aliases_say", "entry.withdraw_aliases", "entry.leave_aliases_out"}
FRAGMENTS.add("entry.withdraw_and_leave_out")
FRAGMENTS |= {"note.not_by_own_name", "note.no_longer_by_own_name"}
FRAGMENTS |= {f"identity_form.{each.value.lower()}" for each in IdentityKind}
"""Clauses that stand in another message."""
OF_COMMANDS = (
    "system.",
    "explorer.",
    "start.",
    "command.",
    "group.",
    "panel.",
    "help.",
    "cli.",
    "said.",
    "demo.",
    "head.",
)
"""The beginnings of the keys of what the command line says beside refusals, help, titles, words, answers, and of two pages of the API."""
TOLD_TO_OPERATORS = ("trouble.", "ready.", "rewind.", "proof.", "fault.", "maintenance.")
"""The beginnings of the keys of what operators read, and of faults, each of which goes on after its place."""
FRAMES = {"cli.see_help", "fault.place_cell", "fault.placed", "ready.several", "said.http.errors", "trouble.witnesses"}
FRAMES |= {"cli.misused", "said.coded", "said.log.and", "said.match.answer", "said.parts", "trouble.said_of"}
FRAMES |= {"said.case.holds_title", "said.pack.title", "said.server.refused", "trouble.none_usable"}
"""Messages that put other messages together, with hardly a word of their own."""
MADE_FROM_LISTS = {
    "console.helping": 1,
    "console.talk": 1,
    "console.web.speaking": 2,
    "domain.base": 1,
    "domain.guards": 1,
    "domain.identity_numbers": 1,
    "domain.messages.spoken": 1,
    "domain.refusals": 2,
    "infrastructure.identity": 2,
    "registry_api.evidence": 1,
    "transport.explorer": 1,
}
"""Where a key is made of the member of a list, and how often; everywhere else it is written out."""


@cache
def domain_enums() -> dict[str, type[Enum]]:
    """Every list of members in the domain and of outages by its name."""
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(domain.__path__, "domain.")]
    classes = (each for module in modules for _, each in inspect.getmembers(module, inspect.isclass))
    own = (each for each in classes if issubclass(each, Enum) and each.__module__.startswith("domain."))
    return {each.__name__: each for each in (*own, Outage)}


def written_keys() -> tuple[set[str], dict[str, int]]:
    """The keys that the code asks for, and how many are not written out, by module."""
    keys, made = set[str](), dict[str, int]()
    for module in all_modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tell":
                match node.args:
                    case [ast.Constant(value=str(key))]:
                        keys.add(key)
                    case _:
                        made[module.name] = made.get(module.name, 0) + 1
    return keys, made


SAID = re.compile(r"""say\(\s*["']([a-z_.0-9A-Z]+)["']\s*(~?)""")
"""What a page says: a key of its own, or the beginning of one whose end is a member of a list."""
KEYS_OF_PAGES = re.compile(r"""["']((?:error|sign_in|nav|verify|persons|reason|form)\.[a-z_]+)["']""")
"""Keys that a page's code hands on."""


def page_keys() -> set[str]:
    """The keys of what stands on pages: those that templates and code say, with every member where a list ends the key."""
    templates = "".join(each.read_text("utf-8") for each in (ROOT / "console" / "web" / "templates").iterdir())
    code = "".join(each.read_text("utf-8") for each in (ROOT / "console" / "web").glob("*.py"))
    said = SAID.findall(templates + code)
    assert len(said) > 300
    begun = ("page.verify.no_", *(f"page.{beginning}" for beginning, more in said if more))
    whole = {f"page.{key}" for key, more in said if not more} | {f"page.{key}" for key in KEYS_OF_PAGES.findall(code)}
    return whole | {key for key in sentences() if key.startswith(begun)}


def page_words() -> set[str]:
    """The keys of the members of lists that stand on pages by themselves."""
    return {f"word.{name}.{member.value}" for name, members in WORDS.items() for member in members}


@cache
def terms() -> set[str]:
    """The keys of all terms of lists that have any."""
    named = {key.split(".")[0] for key in sentences()} & domain_enums().keys()
    return {f"{name}.{member.name}" for name in named for member in domain_enums()[name]}


HELP = re.compile(r"""["']((?:help|panel)\.[a-z_.]+)["']""")
"""The keys of help, where arguments, options and panels are declared."""


def command_keys() -> set[str]:
    """The keys of what the command line says of itself: of groups, commands and panels, arguments and options, columns and facts."""
    files = (*(ROOT / "console").glob("*.py"), *(ROOT / "console" / "remote").glob("*.py"))
    code = "".join(each.read_text("utf-8") for each in files)
    tree = typer.main.get_command(app)
    heads = {key for key in sentences() if key.startswith("head.")}
    unused = {key for key in heads if not named_as_head(key.removeprefix("head."), code)}
    assert unused == set()
    return {*told_of(tree), *HELP.findall(code), *heads}


def named_as_head(name: str, code: str) -> bool:
    """Whether the command line names a column or a fact so, or a read model's status or a count of statistics has it."""
    spoken = name.replace("_", " ")
    fields = {each.name for each in dataclasses.fields(ProjectionStatus)} | {each.value.lower() for each in CountedBy}
    return name in fields or f'"{name}"' in code or f'"{spoken}"' in code


def told_of(command: Any) -> Iterator[str]:
    """The keys of what a command and the commands below it are for."""
    yield command.help
    for each in getattr(command, "commands", {}).values():
        yield from told_of(each)


def constants() -> set[str]:
    """Every text that the API's code holds."""
    nodes = (node for module in all_modules() if module.package == "registry_api" for node in ast.walk(module.tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def explorer_words() -> set[str]:
    """The keys of the words of the explorer, by the names in its scripts."""
    return {"explorer." + re.sub("[A-Z]", lambda each: f"_{each[0].lower()}", name) for name in explorer.WORDS}


def codes() -> set[str]:
    """The keys of what codes mean, and of what helps."""
    return {f"{code.value}.{part}" for code in (*RefusalCode, *ErrorCode) for part in ("meaning", "way_out")}


def token_reasons() -> set[str]:
    """The keys of why a token is not believed."""
    return {each.replace("-", ".", 1).replace("-", "_") for each in get_args(RefusalReason)}


def summaries() -> set[str]:
    """The keys of what is told of events by their topics."""
    return {f"summary.{topic}" for topic in event_classes()}


def rules() -> set[str]:
    """The keys of what the rules are, by the names of the guards that keep them."""
    return {f"rule.{each.name}" for kind in AGGREGATES for guards in kind.GUARDS.values() for each in guards}


def withheld() -> set[str]:
    """The keys that are told where what a reason quotes is masked or erased."""
    return {f"{key}_withheld" for key in sentences() if key.startswith("match.") and TYPED in facts_of(key)}


def text_of(key: str, language: Language) -> str:
    """A sentence as its file states it, with its places in braces."""
    return "".join(part.words + (f"{{{part.fact}}}" if part.fact else "") for part in sentences()[key].parts[language])


def test_every_key_is_written_and_used():
    """A key that the code asks for is in the catalogue, and a sentence of the catalogue is asked for somewhere."""
    keys, made = written_keys()
    assert made == MADE_FROM_LISTS
    assert len(keys) > 100
    assert constants() >= HANDED_ON
    pages = (
        HANDED_ON
        | page_keys()
        | page_words()
        | command_keys()
        | explorer_words()
        | {f"system.{name}" for name in spoken.SYSTEM_REASONS}
    )
    assert sentences().keys() == keys | codes() | terms() | summaries() | rules() | token_reasons() | withheld() | pages


def test_a_summary_tells_nothing_personal():
    """What is told of an event is taken from fields of it that are harmless: no text that is sealed stands in a summary."""
    assert len(event_classes()) > 25
    for topic, kind in event_classes().items():
        for name in facts_of(f"summary.{topic}") & kind.model_fields.keys():
            assert not any(isinstance(mark, PersonalData) for mark in kind.model_fields[name].metadata), (topic, name)
        own = kind.summary is not Event.summary
        assert own or facts_of(f"summary.{topic}") <= kind.model_fields.keys(), topic


def test_a_rule_is_said_as_its_guard_states_it():
    """In English word by word, so that what people read and what docs/rules.md prints are one; in Chinese beside it."""
    guards = [each for kind in AGGREGATES for guards in kind.GUARDS.values() for each in guards]
    assert len(guards) > 90
    assert [each.name for each in guards if each.said.text(Language.EN) != each.sentence] == []


def test_a_sentence_reads_as_its_language_does():
    """Chinese is written in ideographs and full-width marks, English without any; sentences end, and say the way out, apart from reasons
    of matching, which leave it to a reviewer.
    """
    for key in sentences():
        check_reading(key)


def check_reading(key):
    """See ``test_a_sentence_reads_as_its_language_does``, for one."""
    zh, en = text_of(key, Language.ZH), text_of(key, Language.EN)
    if key in WORDS_OF_OTHERS:
        return
    assert HAN.search(zh) or key in FRAMES, key
    assert not HAN.search(en), en
    assert not HALF_WIDTH.search(PLACES.sub("", zh)), zh
    part = key.startswith(PARTS) and not key.startswith("limit.exceeded")
    if part or key in terms() | FRAGMENTS | FRAMES or key.startswith(("summary.", "page.", "word.", *OF_COMMANDS)):
        return
    if key.startswith(TOLD_TO_OPERATORS):
        assert zh.endswith("。") is en.endswith("."), (zh, en)
        return
    assert zh.endswith("。"), zh
    assert en.endswith("."), en
    bare = PLACES.sub("", zh)
    assert len(HAN.findall(bare)) >= len(re.findall(r"[A-Za-z]", bare)), zh
    free = ("match.", "misfit.", "rule.")
    assert key.startswith(free) or key.endswith(("meaning", "way_out")) or ";" in en or ":" in en, en


def test_facts_are_told_as_the_language_tells_them():
    """Members by their terms, days as in ISO 8601, lists with the language's own comma, messages within messages."""
    refused = Refused(RefusalCode.CASE_CLOSED, tell("case.closed", status=CaseStatus.REJECTED))
    assert refused.message == str(refused) == "The case is rejected; submit a new one instead."
    assert refused.text(Language.ZH) == "该申请已不予认定，已经办结；如仍需比照认定，请重新提交申请。"
    day = tell("case.still_valid", expires=date(2025, 1, 2))
    assert "2025-01-02" in day.text(Language.ZH)
    roles = tell("access.not_for_role", role=Role.VERIFIER, roles=[Role.AUDITOR, Role.REVIEWER, Role.APPLICANT])
    assert roles.text(Language.ZH) == "核验人员无权进行此项操作，请以审计人员、审核人员或申请人的身份登录。"
    assert str(roles).endswith("sign in as AUDITOR, REVIEWER or APPLICANT.")
    many = tell("entry.aliases_say", aliases=[f"A{n}" for n in range(12)])
    assert str(many).endswith("“A9” and 2 more say")
    assert many.text(Language.ZH).endswith("、“A9”等12项均注明")


def test_a_message_is_a_value():
    """Two of one key and the same facts are equal, whatever list the facts came in; one crosses a process whole."""
    one, other = tell("entry.alias_says", aliases=["a"]), tell("entry.alias_says", aliases=("a",))
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_history_that_lacks_a_fact_is_told_all_the_same():
    """What no command records, somebody may have written into the store: the audit log tells it with a dash, and goes on."""
    facts = {"catalog_version": 1, "entry_number": 2, "rule_set": None, "outcome": MatchOutcome.EXACT}
    written = Matched.model_construct(**facts)
    assert str(written.summary) == "Matched to entry 2, version 1, by rule set —"
    assert written.summary.text(Language.ZH) == "按规则集—自动匹配到目录第1版第2号条目"


@pytest.mark.parametrize(
    ("key", "facts", "named"),
    [
        ("case.no_such", {}, "has no case.no_such"),
        ("case.closed", {}, "lacks the facts ['status']"),
        ("case.matched", {"status": 1}, "does not ask for ['status']"),
        ("case.closed", {"status": None}, "is a NoneType"),
        ("case.closed", {"status": Language.ZH}, "has no Language.ZH"),
        ("case.closed", {"status": [object()]}, "is a object"),
    ],
)
def test_what_is_missing_is_a_defect_at_once(key, facts, named):
    """A message without its sentence, or without its facts, is not made, so that no person reads half of one."""
    with pytest.raises(MessageDefect, match=re.escape(named)):
        tell(key, **facts)


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({"en": "One."}, "is written in en"),
        ({"en": "One {a}.", "zh": "一{b}。"}, "names other facts"),
        ({"en": "One {a:loud}.", "zh": "一{a}。"}, "asks for facts as loud"),
    ],
)
def test_a_malformed_catalogue_is_a_defect(texts, named):
    """A sentence lacking in one language, with other places, or in a form that nobody knows, stops the first message."""
    with pytest.raises(MessageDefect, match=named):
        sentences_module._sentence("x.y", texts)


def test_a_key_holds_a_sentence():
    """What stands under a key is a table of texts; anything else is named, and what is no TOML too."""
    for written, named in (("en.x = 'a'", "x.y is no sentence"), ("en = a", "x.y is no TOML")):
        with pytest.raises(MessageDefect, match=re.escape(named)):
            sentences_module._texts("x.y", written)
    assert Message("case.matched") == tell("case.matched")


def test_the_files_are_what_is_read_of_them():
    """Where sentences stand is found by the lines above them; TOML itself finds the same keys with the same texts."""
    whole = {}
    for source in resources.files("domain.messages").iterdir():
        if source.name.endswith(".toml"):
            for head, table in tomllib.loads(source.read_text(encoding="utf-8")).items():
                whole |= flattened(head, table)
    assert whole.keys() == sentences_module._written().keys()
    assert all(sentences_module._texts(key, sentences_module._written()[key]) == whole[key] for key in whole)


def flattened(key, table):
    """Tables of texts by their whole keys."""
    if any(isinstance(each, str) for each in table.values()):
        return {key: table}
    return {name: texts for head, inner in table.items() for name, texts in flattened(f"{key}.{head}", inner).items()}
