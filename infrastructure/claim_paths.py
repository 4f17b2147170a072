"""Where an identity provider states who somebody is: the claims of its tokens that the registry reads, wherever they lie.

Providers state roles as one text, as a list, or within an object (Keycloak's ``realm_access.roles``), among others that mean nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.values import Role

_ABSENT: Final = object()
_ROLES: Final = {role.value: role.value for role in Role if role is not Role.SYSTEM}


class SeveralStated(ValueError):
    """A token states several roles of the registry, or several authorities, where somebody acts in one."""


@dataclass(frozen=True, slots=True)
class ClaimPaths:
    """Paths to claims: a claim's name, names with dots between, or a JSON Pointer (RFC 6901) where names themselves have dots.

    Of a list the one value counts that bears the prefix, and is a role where a role is asked for; without a list and a prefix the
    text itself is the value. A role behind a prefix, or in a list, may be written in small letters and with hyphens.
    """

    subject: str = "sub"
    role: str = "role"
    role_prefix: str = ""
    authority: str = "authority"
    authority_prefix: str = ""
    holder: str = "holder"

    def stated(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """What the claims state under the registry's own names; what they do not state is absent.

        Raises ``SeveralStated``.
        """
        found = {
            "sub": at(claims, self.subject),
            "role": self._role(at(claims, self.role)),
            "authority": self._authority(at(claims, self.authority)),
            "holder": at(claims, self.holder),
            "azp": claims.get("azp", _ABSENT),
            "client_id": claims.get("client_id", _ABSENT),
        }
        return {name: value for name, value in found.items() if value is not _ABSENT}

    def _role(self, value: Any) -> Any:
        if not isinstance(value, list) and not self.role_prefix:
            return value
        return _one(
            role
            for text in _behind(value, self.role_prefix)
            if (role := _ROLES.get(text.upper().replace("-", "_"))) is not None
        )

    def _authority(self, value: Any) -> Any:
        if not isinstance(value, list) and not self.authority_prefix:
            return value
        return _one(_behind(value, self.authority_prefix))


PLAIN_PATHS: Final = ClaimPaths()
"""Those of a token that uses the registry's own names."""


def at(claims: Mapping[str, Any], path: str) -> Any:
    """What lies at a path of claims; a value that no claim has where nothing does."""
    if path in claims:
        return claims[path]
    if path.startswith("/"):
        names = [name.replace("~1", "/").replace("~0", "~") for name in path[1:].split("/")]
    else:
        names = path.split(".")
    value: Any = claims
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _behind(value: Any, prefix: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text.removeprefix(prefix) for text in values if isinstance(text, str) and text.startswith(prefix)]


def _one(values: Any) -> Any:
    found = dict.fromkeys(values)
    if len(found) > 1:
        raise SeveralStated
    return next(iter(found), _ABSENT)
