"""What every node has, and how views become types of the API.

A leaf view is registered as it is; a view with edges is subclassed. Resolvers answer views, never instances of the
subclass: ``self`` in an edge is the view. ``is_type_of`` tells the interface which view is which type.
"""

from __future__ import annotations

from typing import Any, TypeVar

import strawberry

from application.views import ActorView, AuthorityView, AwardView, EvidenceView, StatusView
from domain.values import Actor
from registry_api.scalars import Position

T = TypeVar("T")


def described(cls: type[Any]) -> str:
    """The first paragraph of a class's docstring, for the published schema."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


@strawberry.interface(description="Anything that can be looked up by its identifier.")
class Node:
    """Anything that can be looked up by its identifier."""

    id: strawberry.ID


TitleAward = strawberry.type(AwardView, name="TitleAward", description=described(AwardView))
Authority = strawberry.type(AuthorityView, name="Authority", description=described(AuthorityView))
ActorType = strawberry.type(ActorView, name="Actor", description=described(ActorView))
Evidence = strawberry.type(EvidenceView, name="Evidence", description=described(EvidenceView))


@strawberry.type(name="RegistryStatus", description=described(StatusView))
class RegistryStatus(StatusView):
    """The positions of a status are the contract's scalar."""

    position: Position
    projected_position: Position


def actor_view(actor: Actor) -> ActorView:
    """Who acted, as people read it."""
    return ActorView(subject=actor.subject, role=actor.role, authority_code=actor.authority_code)
