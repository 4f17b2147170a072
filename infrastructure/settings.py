"""What an installation may set: by options of the command line, the environment, a configuration file, in this order.

Nothing else in the project reads the environment.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, IPvAnyNetwork, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from infrastructure.configuration import CONFIG_VARIABLE, check_variables, read_file, told

_ORIGIN: Final = re.compile(
    r"(https?)://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?"
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_/-]{0,199}[A-Za-z0-9]")
_WITNESS: Final = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*@https?://\S+")
_OWN_PORTS: Final = {"http": "80", "https": "443"}


def _origin(text: str) -> str:
    """An origin as a browser writes it (RFC 6454, section 6.2): scheme, host, and a port that is not the scheme's own.

    Raises ValueError for anything else: a wildcard, ``null``, a path, capitals, a name beyond ASCII.
    """
    written = _ORIGIN.fullmatch(text)
    if written is None or written[2] == _OWN_PORTS[written[1]] or int(written[2] or 0) > 65535:
        raise ValueError(
            "write each origin as browsers do, without a path: https://apply.example,http://127.0.0.1:5173"
        )
    return text


def _log_name(text: str) -> str:
    """A name that keys of signed notes may bear. Raises ValueError."""
    if not _NAME.fullmatch(text):
        raise ValueError("write the address of the log without its scheme, as registry.example.org/log")
    return text


def _witness(text: str) -> str:
    """A verifier key, an at sign, and the address of its witness. Raises ValueError."""
    if not _WITNESS.fullmatch(text):
        raise ValueError("write each witness as <verifier key>@https://witness.example/")
    return text


class Settings(BaseSettings):
    """The registry's settings: `RECOGNITION_…` variables, and the database URLs under their customary names.

    Raises pydantic's `ValidationError` naming the variable when a value has the wrong shape.
    """

    model_config = SettingsConfigDict(env_prefix="RECOGNITION_", populate_by_name=True, frozen=True)

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """Connection string the application works through; None: the registry runs its own embedded PostgreSQL."""

    database_owner_url: str | None = Field(default=None, validation_alias="DATABASE_OWNER_URL")
    """Connection string of the role that owns the schema and runs migrations; None: the same as `database_url`."""

    database_read_urls: Annotated[tuple[str, ...], NoDecode] = Field(default=(), validation_alias="DATABASE_READ_URLS")
    """Connection strings of servers that follow the primary and answer readers too, with commas between."""

    synchronous_replication: bool | None = None
    """Whether a given server must have a second one store what it acknowledges; None: where standbys follow it, or several are named."""

    data_dir: Path = Path("./var")
    """Folder of what the registry keeps on disk: the embedded database and its log."""

    least_free_space: int = Field(default=48 * 1024 * 1024, ge=0)
    """Bytes that must be free on the disk of the embedded database for new records to be taken; reads go on below."""

    pool_min_size: int = Field(default=2, ge=0)
    """Connections the read pool keeps open."""

    pool_max_size: int = Field(default=16, ge=1)
    """Connections the read pool opens at most."""

    pool_timeout: float = Field(default=5.0, gt=0)
    """Seconds a caller waits for a pooled connection before it is refused."""

    save_timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a save that is not answered is given up, as where no standby confirms it; it may have been recorded."""

    recorder_pool_size: int = Field(default=4, ge=1)
    """Connections of the event recorder: one commits the waiting saves, the others read streams."""

    jwks: str | None = None
    """The identity provider's keys: a file or an https address of a JWKS document; None: development tokens."""

    token_issuer: str | None = None
    """The `iss` of the tokens to accept; needed beside `jwks`."""

    token_audience: str = "recognition-registry"  # noqa: S105 - an audience is no secret
    """The `aud` of the tokens to accept."""

    claim_subject: str = Field(default="sub", min_length=1)
    """Where tokens state who somebody is for ever: a claim's name, names with dots between, or a JSON Pointer."""

    claim_role: str = Field(default="role", min_length=1)
    """Where tokens state the role, as `realm_access.roles`: a text, or a list of which one value is a role."""

    claim_role_prefix: str = ""
    """What stands before a role there, as `registry-`; other values are nothing to the registry."""

    claim_authority: str = Field(default="authority", min_length=1)
    """Where tokens state the code of an officer's authority, as `groups`."""

    claim_authority_prefix: str = ""
    """What stands before the code there, as `/authorities/`."""

    claim_holder: str = Field(default="holder", min_length=1)
    """Where tokens state somebody's own holder reference."""

    oidc_client_id: str | None = None
    """The console's client identifier at the identity provider; None: nobody signs in by pages where there is a provider."""

    oidc_client_secret: str | None = None
    """The console's secret there; None for a public client, which PKCE alone protects."""

    oidc_scope: str = "openid"
    """The scopes that the console asks for, with blanks between; `openid` among them."""

    oidc_proof: Literal["access", "id"] = "access"
    """By which token the console knows who signed in; `id` where the provider's access tokens are not JWTs."""

    public_url: str | None = None
    """Where browsers find the console, as https://registry.example; its cookies then travel over TLS alone."""

    subjects_tell_case: bool = False
    """Whether two subjects that differ in capital letters alone are two people at the identity provider."""

    keys_database_url: str | None = None
    """Connection string of the owner of a database for holders' keys alone; None: they lie beside the events."""

    log_name: Annotated[str, AfterValidator(_log_name)] = "recognition-registry.localhost/log"
    """The transparency log's name: where `/log` is served, without the scheme; its origins are this and the epoch's number."""

    log_witnesses: Annotated[tuple[Annotated[str, AfterValidator(_witness)], ...], NoDecode] = ()
    """Witnesses that confirm checkpoints, each `<verifier key>@<address>`, with commas between."""

    jurisdiction: Path | None = None
    """The file of what differs from province to province; None: the one that is shipped, Zhejiang's."""

    evidence_bucket: str | None = None
    """`s3://bucket/prefix` for evidence files; None: the folder `evidence` in the data directory."""

    evidence_max_size: int = Field(default=20 * 1024 * 1024, ge=1024)
    """Bytes of the largest evidence file."""

    introspection: bool = True
    """Whether clients may ask the API for its schema; the published one is a file."""

    rate_per_address: float | None = Field(default=None, ge=0)
    """Requests a second that one address may send; 0: as many as it likes; None: 50 with an identity provider, else 0."""

    rate_per_token: float | None = Field(default=None, ge=0)
    """Requests a second under one token; 0: as many as it likes; None: 200 with an identity provider, else 0."""

    requests_at_once: int = Field(default=16, ge=1)
    """Requests of one address that are worked at together; further ones wait in turn."""

    connections_per_address: int = Field(default=200, ge=1)
    """Connections that one address may hold; a trusted proxy holds as many as it needs."""

    verifications_per_minute: float = Field(default=30, gt=0)
    """Titles that one address may verify a minute without a token; twenty at once."""

    verifications_per_subject: float = Field(default=600, gt=0)
    """Titles that whoever a token names may verify a minute; a tenth of it, at least twenty, at once."""

    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    """Addresses or networks of the proxies whose `X-Forwarded-For` is believed, with commas between; nobody's by default."""

    cors_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode] = ()
    """Origins whose pages may ask the API from a browser, exactly, with commas between; none by default."""

    subscriptions_per_subject: int = Field(default=32, ge=1)
    """Subscriptions that whoever a token names may follow at once."""

    subscriptions: int = Field(default=10_000, ge=1)
    """Subscriptions that are followed at once in all."""

    uploads_per_subject: int = Field(default=2, ge=1)
    """Evidence files that arrive at once from whoever a token names."""

    upload_bytes_per_day: int = Field(default=500 * 1024 * 1024, ge=1024)
    """Bytes of evidence that whoever a token names may send a day."""

    upload_bytes_per_second: int = Field(default=16 * 1024, ge=1)
    """The slowest upload that is waited for, after its first seconds."""

    log_format: Literal["text", "json"] = "text"
    """How the server's log is written on standard error: for people, or JSON, a line an entry."""

    access_log: bool = True
    """Whether each request leaves a line in the log: operation, status and time, nobody's name or address."""

    metrics_token: str | None = Field(default=None, min_length=16)
    """The bearer token under which `/metrics` answers from anywhere; None: it answers this machine alone."""

    body_seconds: float = Field(default=30, gt=0)
    """Seconds in which the body of a request must have arrived; an upload has ten times as long."""

    server: str | None = None
    """The server that the command line asks, where a command is one that a server answers; None: the database."""

    server_plain_http: bool = False
    """Whether the command line sends tokens to a server in the clear, beyond this machine."""

    @field_validator("database_read_urls", "trusted_proxies", "cors_origins", "log_witnesses", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """See ``pydantic_settings``. Raises ``ConfigurationError`` for a file that can't be used, and for a name that is no setting."""
        known = settings_cls.model_fields.keys()
        check_variables(os.environ, known)
        asked = told.get()
        named = asked.file or os.environ.get(CONFIG_VARIABLE)
        written = read_file(Path(named), known) if named else {}
        return (
            init_settings,
            InitSettingsSource(settings_cls, dict(asked.settings)),
            env_settings,
            InitSettingsSource(settings_cls, written),
        )

    @property
    def configuration_file(self) -> Path | None:
        """The configuration file that is read; None where none is named."""
        named = told.get().file or os.environ.get(CONFIG_VARIABLE)
        return Path(named) if named else None

    @property
    def identity_provider(self) -> bool:
        """Whether tokens come from an identity provider."""
        return self.jwks is not None


def backup_passphrase_of_environment() -> str | None:
    """The passphrase of backups that the environment names; None where it names none."""
    return os.environ.get("RECOGNITION_BACKUP_PASSPHRASE")


def token_of_environment() -> str | None:
    """The token that the environment names for the command line, an empty one too; None where it names none."""
    return os.environ.get("RECOGNITION_TOKEN")
