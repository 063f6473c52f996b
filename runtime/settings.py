"""Settings of one installation: environment variables `JIESU_…`, or options of the command."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.names import NAMESPACE

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Everything has a default that works on one machine, in the folder `home`."""

    model_config = SettingsConfigDict(env_prefix="JIESU_", extra="ignore")

    home: Path = Field(Path(".jiesu"), description="Folder of databases, keys and logs.")
    store_url: str = Field("", description="Default: a SQLite file in the home folder.")
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = NAMESPACE
    api_host: str = "127.0.0.1"
    api_port: Port = 8000
    cities: Path | None = Field(None, description="Folder of city packs; default: those shipped.")
    assets: Path | None = Field(
        None, description="node_modules of the pages; default: the one beside the packages."
    )
    secret_key: SecretStr | None = Field(
        None, description="Master key, 32 bytes in base64; default: a file in the home folder."
    )
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = "INFO"
    cached_tickets: int = Field(
        1000,
        ge=10,
        description="Open tickets a worker keeps in memory, about 100 KB each; the others are "
        "rebuilt from history when something happens to them.",
    )
    engine_timeout: float = Field(5.0, gt=0, description="Seconds the API waits for the engine.")

    @property
    def store(self) -> str:
        """The store's URL, as SQLAlchemy reads it."""
        return self.store_url or f"sqlite:///{(self.home / 'jiesu.db').resolve()}"
