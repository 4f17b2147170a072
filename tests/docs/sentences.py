"""What each code says, read out of the source: the sentence beside the code where it is given, with … for what varies."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from typing import Final

from domain.messages import Language
from domain.messages.sentences import sentences as messages
from tests.sources import Module, all_modules

KINDS: Final = frozenset({"RefusalCode", "ErrorCode", "FaultCode", "NoteCode"})
"""The lists of codes; the project has no other."""


def named(node: ast.AST) -> str | None:
    """The code that an expression names: ``RefusalCode.X``, its ``.value``, or a constant ``X`` of the API's errors."""
    match node:
        case ast.Attribute(value=ast.Name(id=kind), attr=name) if kind in KINDS:
            return name
        case ast.Attribute(value=inner, attr="value"):
            return named(inner)
        case ast.Name(id=name) if name.isupper():
            return name
    return None


def chosen(node: ast.AST) -> Iterator[str]:
    """The codes that an expression may come to: one, or either of two."""
    if isinstance(node, ast.IfExp):
        yield from chosen(node.body)
        yield from chosen(node.orelse)
    elif (name := named(node)) is not None:
        yield name


def sentences(modules: Iterable[Module] | None = None) -> dict[str, str]:
    """A sentence that the source gives with each code: the first that says enough, modules in order of their names.

    A code of a class, ``evidence-altered``, stands under its name in capitals, EVIDENCE_ALTERED, as the API answers it.
    """
    read = list(all_modules() if modules is None else modules)
    classes = {name: code for module in read for name, code, _ in class_codes(module)}
    found: dict[str, list[str]] = {}
    for module in read:
        for scope in ast.walk(module.tree):
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                for code, text in _said(scope, classes):
                    found.setdefault(in_capitals(code), []).append(text)
    return {code: next((t for t in texts if len(_words(t)) > 4), max(texts, key=len)) for code, texts in found.items()}


def in_capitals(code: str) -> str:
    """A code as the API's lists spell it."""
    return code.upper().replace("-", "_")


def class_codes(module: Module) -> Iterator[tuple[str, str, str]]:
    """The errors that bear a code of their own: class, code, and the first sentence of what the class is for."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for each in node.body:
            target = each.target if isinstance(each, ast.AnnAssign) else getattr(each, "targets", [None])[0]
            value = getattr(each, "value", None)
            if isinstance(target, ast.Name) and target.id == "code" and isinstance(getattr(value, "value", None), str):
                purpose = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
                yield node.name, value.value, purpose


def given(module: Module) -> Iterator[str]:
    """The codes that a module answers with: as part of what it makes, chosen beforehand, or beside the key ``code``."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(args=args, keywords=keywords):
                parts = [*args, *(each.value for each in keywords)]
            case ast.Assign(value=ast.IfExp() as value):
                parts = [value]
            case ast.Tuple(elts=[first, *_]):
                parts = [first]
            case ast.Dict():
                parts = list(_codes_of(node))
            case _:
                continue
        yield from (code for part in parts for code in chosen(part))


def made_up(module: Module) -> Iterator[str]:
    """The texts that a module gives as a code without a list that holds it; a sentence under the key says what a code is."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Dict):
            texts = (_rendered(value, {}) for value in _codes_of(node))
            yield from (text for text in texts if text is not None and not _is_sentence(text))
        elif isinstance(node, ast.Call):
            named_so = (each.value for each in node.keywords if each.arg == "code")
            first = node.args[:1] if _called(node) in {"Refused", "ApiError", "LimitExceededError"} else node.args[1:2]
            positional = first if _called(node).endswith(("Error", "Refused", "Refusal")) else ()
            yield from (t for v in (*named_so, *positional) if (t := _rendered(v, {})) is not None and t.isupper())


def _codes_of(node: ast.Dict) -> Iterator[ast.expr]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "code":
            yield value


def _said(scope: ast.AST, classes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Codes and sentences that stand beside one another in a function, by way of its variables too."""
    texts: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for name, value in _assigned(scope):
        text = _rendered(value, {})
        if text is not None:
            texts[name] = text
        names.setdefault(name, []).extend(chosen(value))
    for node in ast.walk(scope):
        codes: list[str] = []
        match node:
            case ast.Call(args=args, keywords=keywords):
                parts: list[ast.expr] = [*args, *(each.value for each in keywords)]
                codes = [classes[_called(node)]] if _called(node) in classes else []
            case ast.Dict(values=values):
                parts = values
            case ast.Tuple(elts=parts):
                pass
            case _:
                continue
        for part in parts:
            codes += [*chosen(part), *_inside(part)]
            codes += names.get(part.id, []) if isinstance(part, ast.Name) else []
        text = _limit(node, parts) or next(
            (t for part in parts if (t := _rendered(part, texts)) and _is_sentence(t)), None
        )
        if text is not None:
            yield from ((code, text) for code in codes)


def _assigned(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The variables of a function and what each is set to, several at once too."""
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (
                    (each.id, value) for each, value in zip(targets, values, strict=True) if isinstance(each, ast.Name)
                )


def _inside(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        yield from (code for value in _codes_of(node) for code in chosen(value))


def _limit(node: ast.AST, parts: list[ast.expr]) -> str | None:
    """As ``LimitExceededError`` words it, made at once or from a row of a table of limits."""
    advice = (
        [each.value for each in node.keywords if each.arg == "advice"] if isinstance(node, ast.Call) else parts[-1:]
    )
    if not advice or len(parts) < 5:
        return None
    what, way_out = _rendered(parts[1], {}), _rendered(advice[0], {})
    return _limited(what, way_out, Language.EN) if what and way_out else None


def _limited(what: str, way_out: str, language: Language) -> str:
    parts = {"what": what, "advice": way_out}
    return "".join(
        part.words + (parts.get(part.fact, "…") if part.fact else "")
        for part in messages()["limit.exceeded"].parts[language]
    )


def _words(text: str) -> list[str]:
    return [word for word in text.split() if any(map(str.isalpha, word))]


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def _is_sentence(text: str) -> bool:
    return " " in text and text.endswith(".")


def _rendered(node: ast.AST, texts: dict[str, str]) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(each.value if isinstance(each, ast.Constant) else "…" for each in parts)
        case ast.Name(id=name):
            return texts.get(name)
        case ast.IfExp(body=body):
            return _rendered(body, texts)
        case ast.Call(func=ast.Name(id="tell"), args=[ast.Constant(value=str(key))]):
            return template(key)
    return None


def template(key: str, language: Language = Language.EN) -> str:
    """A sentence of the catalogue of messages, with … for its facts."""
    return "".join(part.words + ("…" if part.fact else "") for part in messages()[key].parts[language])


@cache
def _pairs() -> dict[str, str]:
    """The Chinese of each English sentence of the catalogue, and of those about limits as they are put together."""
    pairs = {template(key): template(key, Language.ZH) for key in messages()}
    for what, advice in product(
        [key for key in messages() if key.startswith("limit.")],
        [key for key in messages() if key.startswith("advice.")],
    ):
        english = _limited(template(what), template(advice), Language.EN)
        pairs[english] = _limited(template(what, Language.ZH), template(advice, Language.ZH), Language.ZH)
    return pairs


def in_chinese(english: str) -> str:
    """The Chinese of a sentence as ``template`` gives it; of one that the catalogue does not have, the words themselves."""
    return _pairs().get(english, english)
