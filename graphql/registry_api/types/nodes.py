"""What every node has, and how views become types of the API.

A leaf view is registered as it is; a view with edges is subclassed. Resolvers answer views, never instances of the
subclass: ``self`` in an edge is the view. ``is_type_of`` tells the interface which view is which type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from application.views import ActorView, AuthorityView, AwardView, CertificateView, EvidenceView, StatusView
from domain.values import Actor
from registry_api.scalars import Position

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def described(cls: type[Any]) -> str:
    """The first paragraph of a class's docstring, for the published schema."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


@strawberry.interface(description="Anything that can be looked up by its identifier.")
class Node:
    """Anything that can be looked up by its identifier."""

    id: strawberry.ID


def registered(view: type[T], name: str) -> type[T]:
    """A leaf view as an object type, registered in place: the view is the type."""
    return strawberry.type(view, name=name, description=described(view))


def edge(graphql_type: object, *, name: str | None = None) -> Callable[[F], F]:
    """A field that answers views where the schema has ``graphql_type``; ``name`` where the view's own field has it."""

    def decorate(resolver: F) -> F:
        return cast("F", strawberry.field(resolver, name=name, graphql_type=graphql_type))

    return decorate


TitleAward = AwardView
registered(TitleAward, "TitleAward")
Authority = AuthorityView
registered(Authority, "Authority")
ActorType = ActorView
registered(ActorType, "Actor")
Evidence = EvidenceView
registered(Evidence, "Evidence")
Certificate = CertificateView
registered(Certificate, "Certificate")


@strawberry.type(name="RegistryStatus", description=described(StatusView))
class RegistryStatus(StatusView):
    """The positions of a status are the contract's scalar."""

    position: Position
    projected_position: Position


def actor_view(actor: Actor) -> ActorView:
    """Who acted, as people read it."""
    return ActorView(subject=actor.subject, role=actor.role, authority_code=actor.authority_code)
