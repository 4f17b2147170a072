"""Attesting a title: a signed document that anybody verifies apart from the registry, and the list that says whether it still holds.

The document is an SD-JWT VC (RFC 9901; draft-ietf-oauth-sd-jwt-vc). Its holder shows what they choose of the person; the title
itself is always shown. Each has an entry of its own in a Token Status List (draft-ietf-oauth-status-list) at a random index:
two attestations of one title have nothing in common by which they could be matched.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from application.access import Action, can
from application.ports import Clock
from application.projections.tables import TITLES
from application.queries import Reads
from application.viewing import Viewer
from application.views import PastTitleView, TitleView
from domain.attestation.claims import CONCEALED, AttestedClaim
from domain.attestation.sd_jwt import concealed
from domain.attestation.status_list import StatusList, StatusType
from domain.authorities import AuthorityDirectory
from domain.messages import Language, SpokenError, tell, term
from domain.refusals import RefusalCode, Refused
from domain.values import TitleStatus

LIFETIME: Final = timedelta(days=365)
"""How long an attestation is good for, unless its title ends or changes before."""
MOST_OF_A_TITLE: Final = 100
"""Attestations of one title that are good at the same time."""
BITS: Final = 2
"""Bits of a status: VALID, INVALID or SUSPENDED."""
LIST_LIFETIME: Final = timedelta(days=1)
"""How long a status list may be relied on (``exp``)."""
LIST_SECONDS: Final = 300
"""How many seconds a status list may be kept before it is asked for anew (``ttl``)."""
_FRESH_SECONDS: Final = 1.0
"""How long a list is answered as it is without a look at the titles."""
ATTESTATION_TYPE: Final = "dc+sd-jwt"
STATUS_LIST_TYPE: Final = "statuslist+jwt"
METADATA_PATH: Final = "/.well-known/jwt-vc-issuer"
KEYS_PATH: Final = "/attestation/keys"
STATUS_PATH: Final = "/attestation/status"
TYPE_PATH: Final = "/attestation/types/recognized-title/1"


@dataclass(frozen=True, slots=True)
class AttestationIssuer:
    """Under which address attestations are issued, as ``https://registry.example``: their ``iss``, without a slash at its end."""

    url: str

    @property
    def metadata_path(self) -> str:
        """Where the issuer's metadata lies: the well-known part stands before the issuer's own path."""
        return METADATA_PATH + urlsplit(self.url).path

    @property
    def keys_url(self) -> str:
        """Where the keys lie."""
        return self.url + KEYS_PATH

    @property
    def type_url(self) -> str:
        """The type of the attestations (``vct``), which is where its description lies; its end is the version of the type."""
        return self.url + TYPE_PATH

    def status_url(self, number: int) -> str:
        """Where a status list lies."""
        return f"{self.url}{STATUS_PATH}/{number}"


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """The place of an attestation's status: which list, which index."""

    number: int
    index: int


class StatusEntries(Protocol):
    """The entries of the status lists, kept durably."""

    async def assign(self, title: TitleView, expires: datetime, now: datetime) -> StatusEntry | None:
        """An entry for an attestation that states this of a title, at an index drawn at random that no other ever shared with it.

        None where the title stands no more or is another by now, or has ``MOST_OF_A_TITLE`` attestations that are good.
        """

    async def size(self, number: int) -> int | None:
        """How many indices a list has; None where there is no such list."""

    async def not_valid(self, number: int, now: datetime) -> Mapping[int, StatusType]:
        """The statuses of a list by index, of those that are not VALID and not expired."""


class AttestationKeys(Protocol):
    """The keys that sign attestations and status lists."""

    async def sign(self, kind: str, claims: Mapping[str, Any]) -> str:
        """Claims as a signed JWT (ES256) of this ``typ``, under the newest key, which ``kid`` names."""

    async def published(self) -> Sequence[Mapping[str, Any]]:
        """The public keys by which attestations are verified, as JWKs (RFC 7517), the newest first."""


class NotAttested(SpokenError):
    """Nothing is attested here; the message names the way out."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A list as it was signed: of which titles it knew, when it was made, and when it was last looked after."""

    position: int
    made_at: datetime
    looked_at: float
    token: str


class Attestations:
    """Issues attestations, and publishes what their verification takes."""

    def __init__(
        self,
        issuer: AttestationIssuer | None,
        entries: StatusEntries,
        keys: AttestationKeys,
        reads: Reads,
        authorities: AuthorityDirectory,
        clock: Clock,
    ) -> None:
        """Without an ``issuer`` nothing is attested: nobody could find out who had signed it."""
        self.issuer = issuer
        self._entries, self._keys, self._reads = entries, keys, reads
        self._authorities, self._clock = authorities, clock
        self._lists: dict[int, _Kept] = {}

    def address(self, viewer: Viewer, title: TitleView, name: str) -> str | None:
        """Where the viewer gets an attestation of a title that the API calls ``name``; None where they get none of it as it stands now."""
        if isinstance(title, PastTitleView) or not can(viewer.actor, Action.ATTEST):
            return None
        try:
            return f"{self._require_attestable(viewer, title).url}/titles/{name}/attestation"
        except (Refused, NotAttested):
            return None

    async def attest(self, viewer: Viewer, title: TitleView) -> str:
        """The attestation of a title that the viewer sees in clear, with every disclosure; what it shows is noted by the viewer.

        Raises ``Refused``: NOT_PERMITTED where the viewer may not read the person, HOLDER_RESTRICTED, WRONG_STATE for a title that
        stands no more or has enough of them; and ``NotAttested``.
        """
        issuer = self._require_attestable(viewer, title)
        now = self._clock()
        expires = now + LIFETIME
        entry = await self._entries.assign(title, expires, now)
        if entry is None:
            raise Refused(RefusalCode.WRONG_STATE, tell("attestation.enough", most=MOST_OF_A_TITLE))
        visible = {
            "iss": issuer.url,
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "vct": issuer.type_url,
            "status": {"status_list": {"idx": entry.index, "uri": issuer.status_url(entry.number)}},
            **self._stated(title),
        }
        document = concealed(visible, self._personal(viewer, title), lambda: secrets.token_urlsafe(16))
        return document.compact(await self._keys.sign(ATTESTATION_TYPE, document.payload))

    def _require_attestable(self, viewer: Viewer, title: TitleView) -> AttestationIssuer:
        if not viewer.in_clear(title):
            raise Refused(RefusalCode.NOT_PERMITTED, tell("attestation.readers"))
        if title.holder.restricted:
            raise Refused(RefusalCode.HOLDER_RESTRICTED, tell("holder.restricted"))
        if title.status is not TitleStatus.CURRENT:
            raise Refused(RefusalCode.WRONG_STATE, tell("attestation.not_current", status=title.status))
        if self.issuer is None:
            raise NotAttested(tell("attestation.no_address"))
        return self.issuer

    async def status_list(self, number: int) -> str | None:
        """A status list as it is at the moment, signed; None where there is no such list."""
        if self.issuer is None:
            return None
        kept, looked_at = self._lists.get(number), time.monotonic()
        if kept is not None and looked_at - kept.looked_at < _FRESH_SECONDS:
            return kept.token
        size, now = await self._entries.size(number), self._clock()
        if size is None:
            return None
        position = (await self._reads.status(TITLES)).projected_position
        if kept is None or kept.position != position or now - kept.made_at > LIST_LIFETIME / 4:
            statuses = StatusList.of(await self._entries.not_valid(number, now), size=size, bits=BITS)
            claims = {
                "iss": self.issuer.url,
                "sub": self.issuer.status_url(number),
                "iat": int(now.timestamp()),
                "exp": int((now + LIST_LIFETIME).timestamp()),
                "ttl": LIST_SECONDS,
                "status_list": statuses.claim(),
            }
            kept = _Kept(position, now, looked_at, await self._keys.sign(STATUS_LIST_TYPE, claims))
        self._lists[number] = _Kept(kept.position, kept.made_at, looked_at, kept.token)
        return kept.token

    async def keys(self) -> Mapping[str, Any]:
        """The JWK Set of the issuer (RFC 7517, section 5)."""
        return {"keys": list(await self._keys.published())}

    def metadata(self) -> Mapping[str, Any] | None:
        """The issuer's metadata ("JWT VC Issuer Metadata"); None without an address."""
        return None if self.issuer is None else {"issuer": self.issuer.url, "jwks_uri": self.issuer.keys_url}

    def type_description(self) -> Mapping[str, Any] | None:
        """What the type of the attestations means, for whoever shows one ("SD-JWT VC Type Metadata"); None without an address."""
        if self.issuer is None:
            return None
        named = tell("attestation.of_title")
        return {
            "vct": self.issuer.type_url,
            "name": str(named),
            "display": [{"locale": tag, "name": named.text(language)} for tag, language in _LOCALES],
            "claims": [
                {
                    "path": [claim.value],
                    "display": [{"locale": tag, "label": term(claim).text(language)} for tag, language in _LOCALES],
                    "sd": "always" if claim in CONCEALED else "never",
                }
                for claim in AttestedClaim
            ],
        }

    def _stated(self, title: TitleView) -> Mapping[str, Any]:
        """What an attestation states of the title, which every verifier is shown."""
        found = self._authorities.known(title.authority_code)
        return {
            AttestedClaim.TITLE.value: title.title,
            AttestedClaim.LEVEL.value: title.level.value,
            AttestedClaim.FIELD.value: title.field,
            AttestedClaim.RECOGNIZED_ON.value: title.recognized_on.isoformat(),
            AttestedClaim.AUTHORITY.value: {"code": title.authority_code, "name": found.name if found else None},
            AttestedClaim.CATALOG.value: {
                "code": title.catalog_code,
                "version": title.version_number,
                "entry": title.entry_number,
            },
            AttestedClaim.VALID_FOR_APPOINTMENT.value: title.valid_for_appointment,
            AttestedClaim.VALID_FOR_PROMOTION.value: title.valid_for_promotion,
            AttestedClaim.COUNTED_EXPERIENCE_MONTHS.value: title.counted_experience_months,
        }

    @staticmethod
    def _personal(viewer: Viewer, title: TitleView) -> Mapping[str, Any]:
        """What it states of the person, concealed until the holder discloses it. Blocks on the holder's key unless that is at hand."""
        holder = viewer.show(title, title.holder, "attestation")
        return {
            AttestedClaim.NAME.value: holder.name,
            AttestedClaim.IDENTITY_TYPE.value: holder.id_type,
            AttestedClaim.IDENTITY_NUMBER.value: holder.id_number,
            AttestedClaim.CERTIFICATE_NUMBER.value: viewer.value(title, "certificate_number"),
            AttestedClaim.CASE_NUMBER.value: title.case_number,
        }


_LOCALES: Final[Sequence[tuple[str, Language]]] = (("zh-CN", Language.ZH), ("en", Language.EN))
"""Language tags (RFC 5646) of the languages in which labels are written."""


def issuer_at(public_url: str | None) -> AttestationIssuer | None:
    """The issuer at the public address of an installation; None where there is none, or none that verifiers would come to.

    It is an https address without query and fragment; on this machine alone, for trying, http too.
    """
    if public_url is None:
        return None
    parts = urlsplit(public_url)
    near = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if (parts.scheme != "https" and not near) or not parts.hostname or parts.query or parts.fragment:
        return None
    return AttestationIssuer(public_url.rstrip("/"))
