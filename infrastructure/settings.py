"""What an installation may set, read from the environment once. Nothing else in the project reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The registry's settings: `RECOGNITION_…` variables, and the two database URLs under their customary names.

    Raises pydantic's `ValidationError` naming the variable when a value has the wrong shape.
    """

    model_config = SettingsConfigDict(env_prefix="RECOGNITION_", populate_by_name=True, frozen=True)

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """Connection string the application works through; None: the registry runs its own embedded PostgreSQL."""

    database_owner_url: str | None = Field(default=None, validation_alias="DATABASE_OWNER_URL")
    """Connection string of the role that owns the schema and runs migrations; None: the same as `database_url`."""

    data_dir: Path = Path("./var")
    """Folder of what the registry keeps on disk: the embedded database and its log."""

    pool_min_size: int = Field(default=2, ge=0)
    """Connections the read pool keeps open."""

    pool_max_size: int = Field(default=16, ge=1)
    """Connections the read pool opens at most."""

    pool_timeout: float = Field(default=10.0, gt=0)
    """Seconds a caller waits for a pooled connection before it is refused."""

    recorder_pool_size: int = Field(default=4, ge=1)
    """Connections of the event recorder: one commits the waiting saves, the others read streams."""

    jwks: str | None = None
    """The identity provider's keys: a file or an https address of a JWKS document; None: development tokens."""

    token_issuer: str | None = None
    """The `iss` of the tokens to accept; needed beside `jwks`."""

    token_audience: str = "recognition-registry"  # noqa: S105 - an audience is no secret
    """The `aud` of the tokens to accept."""

    @property
    def identity_provider(self) -> bool:
        """Whether tokens come from an identity provider."""
        return self.jwks is not None
