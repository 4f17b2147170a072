"""What the registry says to people: one catalogue of sentences, in Chinese and English, rendered by key and facts.

A ``Message`` is a value: which sentence, and the facts in it. Whoever refuses, warns or sums up says ``tell(key, **facts)``; whoever
writes to a person renders it in the person's language. The sentences are data beside this code, one TOML file a subject.
"""

from domain.messages.catalogue import Fact, Message, facts_of, tell, term
from domain.messages.language import Language
from domain.messages.sentences import MessageDefect
from domain.messages.spoken import SpokenError, said_by, system_reason

__all__ = [
    "Fact",
    "Language",
    "Message",
    "MessageDefect",
    "SpokenError",
    "facts_of",
    "said_by",
    "system_reason",
    "tell",
    "term",
]
