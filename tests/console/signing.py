"""Tokens with which administrators act on the command line."""

from __future__ import annotations

from domain.values import Role
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings


def by(subject: str, role: Role = Role.ADMINISTRATOR, authority: str | None = None) -> tuple[str, str]:
    """The option with which somebody proves who they are to the registry of the settings."""
    issuer = DevelopmentIssuer(Settings().data_dir)
    return "--token", issuer.issue(role, subject=subject, authority=authority)
