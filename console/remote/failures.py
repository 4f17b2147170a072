"""Why a server gave no answer, or refused."""

from __future__ import annotations

from console.http import GraphQLFailed
from console.talk import REFUSED


class ServerFailed(GraphQLFailed):
    """No answer of the registry's came."""


class ServerRefused(ServerFailed):
    """The registry answered, and refused."""

    ends = REFUSED
