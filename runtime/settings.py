"""Settings of one installation: environment variables `JIESU_…`, or options of the command."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from runtime.file_settings import FileSettings
from runtime.names import NAMESPACE

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(FileSettings):
    """Everything has a default that works on one machine, in the folder `home`."""

    model_config = SettingsConfigDict(env_prefix="JIESU_", extra="ignore")

    home: Path = Field(Path(".jiesu"), description="Folder of databases, keys and logs.")
    store_url: str = Field("", description="Default: a SQLite file in the home folder.")
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = NAMESPACE
    api_host: str = "127.0.0.1"
    api_port: Port = 8000
    cities: Path | None = Field(None, description="Folder of city packs; default: those shipped.")
    keys: SecretStr | None = Field(
        None, description="Key ring, `id:base64,…`; default: secret.key in the home folder."
    )
    secret_key: SecretStr | None = Field(
        None, description="A key ring of one key, 32 bytes in base64: what `keys` was before."
    )
    ui_origin: str = Field(
        "", description="Origin of the engine's own pages, which may then ask the codec to decode."
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

    @property
    def key_text(self) -> str | None:
        """The key ring as the environment gives it; None: it is in `key_file`."""
        given = self.keys or self.secret_key
        return given.get_secret_value() if given else None

    @property
    def key_file(self) -> Path:
        return self.home / "secret.key"

    @property
    def files(self) -> str:
        """The URL of the place where files are kept."""
        return self.files_url or (self.home / "files").resolve().as_uri()
