"""Reading a text's outline in linear time and without recursion, before any parser sees it.

A recursive-descent parser handed 5000 open brackets exhausts the interpreter's stack; these counts are what keeps such
a text from reaching one. They only have to be right for texts that parse: a text that doesn't is refused there.
"""

import re
from typing import Final, NamedTuple

# GraphQL specification (September 2025) §2.1: comments, block strings, strings, punctuators, names and numbers.
_GRAPHQL: Final = re.compile(
    r"""(?P<comment>\#[^\n\r]*)
    |(?P<block>\"\"\"(?:[^"\\]|\\\"\"\"|\\|"(?!""))*+(?:\"\"\")?)
    |(?P<string>"(?:[^"\\\n\r]|\\.)*+"?)
    |(?P<open>[({\[])
    |(?P<close>[)}\]])
    |(?P<token>\.\.\.|[!$&:=@|]|-?[0-9][0-9A-Za-z_.+-]*|[A-Za-z_][0-9A-Za-z_]*|[^\s,\ufeff])""",
    re.VERBOSE,
)
_JSON: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)


class Outline(NamedTuple):
    """What a GraphQL document shows before it is parsed."""

    tokens: int
    """Lexical tokens, comments aside."""
    nesting: int
    """Brackets open at once, of any kind."""
    longest_string: int
    """Characters of the longest string literal, as it is written."""
    longest_word: int
    """Characters of the longest name or number."""


def outline(document: str) -> Outline:
    """The outline of a document. Takes time in proportion to its length."""
    tokens = open_now = nesting = longest = word = 0
    for match in _GRAPHQL.finditer(document):
        kind = match.lastgroup
        if kind == "comment":
            continue
        tokens += 1
        if kind == "open":
            open_now += 1
            nesting = max(nesting, open_now)
        elif kind == "close":
            open_now -= 1
        elif kind in {"string", "block"}:
            longest = max(longest, match.end() - match.start())
        elif kind == "token":
            word = max(word, match.end() - match.start())
    return Outline(tokens, nesting, longest, word)


def json_nesting(text: bytes, enough: int) -> int:
    """Brackets open at once in a JSON text, or any number up to `enough` where it can't be more than that."""
    if text.count(b"{") + text.count(b"[") <= enough:
        return enough
    open_now = nesting = 0
    for match in _JSON.finditer(text):
        if match.group(1):
            open_now += 1
            nesting = max(nesting, open_now)
        elif match.group(2):
            open_now -= 1
    return nesting
