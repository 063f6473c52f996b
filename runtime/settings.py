"""Settings of one installation: environment variables `JIESU_…`, or options of the command."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from runtime.file_settings import FileSettings
from runtime.names import NAMESPACE

Port = Annotated[int, Field(ge=1, le=65535)]
Limit = Annotated[str, Field(pattern=r"^[1-9]\d*/(\d+ ?)?(second|minute|hour|day)s?$")]
"""A number of requests per period: 60/hour, 30/10 minutes."""


OWN_ENGINE: dict[str, Any] = {
    "temporal_tls": False,
    "temporal_ca": None,
    "temporal_cert": None,
    "temporal_cert_key": None,
    "temporal_server_name": "",
    "temporal_api_key": None,
}
"""The settings of the connection to the engine that `jiesu up` starts: it is not encrypted."""


class Settings(FileSettings):
    """The settings of an installation. The defaults work on one machine, in the folder `home`."""

    model_config = SettingsConfigDict(
        env_prefix="JIESU_",
        env_ignore_empty=True,  # an empty value in .env counts as not set
        populate_by_name=True,
        extra="ignore",
    )

    home: Path = Field(Path(".jiesu"), description="Folder of databases, keys and logs.")
    store_url: str = Field("", description="Default: a SQLite file in the home folder.")
    archive_url: str = Field(
        "",
        description="Where the histories of ended tickets are kept: file:///folder, or "
        "s3://bucket/prefix?region=…&endpoint=…; default: a folder in the home folder.",
    )
    temporal_address: str = Field(
        "", description="The engine; default: this machine at `temporal_port`."
    )
    temporal_port: Port = 7233
    temporal_namespace: str = NAMESPACE
    temporal_tls: bool = Field(
        False, description="Whether the connection to the engine is encrypted (TLS)."
    )
    temporal_ca: Path | None = Field(
        None, description="Certificate that vouches for the engine's; default: the system's."
    )
    temporal_cert: Path | None = Field(None, description="Own certificate, where it asks for one.")
    temporal_cert_key: Path | None = Field(None, description="Private key of that certificate.")
    temporal_server_name: str = Field(
        "", description="Name in the engine's certificate, if it is not that of its address."
    )
    temporal_api_key: SecretStr | None = Field(
        None, description="API key of the engine; the connection is then encrypted."
    )
    api_host: str = "127.0.0.1"
    api_port: Port = 8000
    cities: Path | None = Field(None, description="Folder of city packs; default: those shipped.")
    open311_city: str = Field(
        "", description="The city of Open311 clients that name none; default: there is none."
    )
    keys: SecretStr | None = Field(
        None, description="Key ring, `id:base64,…`; default: secret.key in the home folder."
    )
    assets: Path | None = Field(
        None, description="node_modules of the pages; default: the one beside the packages."
    )
    secret_key: SecretStr | None = Field(
        None, description="A key ring of one key, 32 bytes in base64: what `keys` was before."
    )
    ui_origin: str = Field(
        "", description="Origin of the engine's own pages, which may then ask the codec to decode."
    )
    temporal_ui: str = Field(
        "",
        pattern=r"^(https?://[^\s]+)?$",
        description="Address of the engine's own pages, for administrators to follow.",
    )
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = "INFO"
    cached_tickets: int = Field(
        1000,
        ge=10,
        description="Open tickets a worker keeps in memory, about 100 KB each; the others are "
        "rebuilt from history when something happens to them.",
    )
    engine_timeout: float = Field(
        5.0,
        gt=0,
        description="Seconds the API waits for the engine; commands have a deadline of their own.",
    )
    record_wait: float = Field(
        2.0,
        ge=0,
        description="Seconds the API waits until the record shows what was just done, before it "
        "answers that it will appear shortly.",
    )

    # --- public access, sessions and rate limits
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Address that browsers use, as https://12345.example.org. With https cookies "
        "are Secure and browsers are told to stay with https.",
    )
    trusted_proxies: str = Field(
        "",
        validation_alias=AliasChoices("JIESU_TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS"),
        description="Addresses or networks of the proxies in front, separated by commas. Only they "
        "are believed whose request they pass on.",
    )
    header_seconds: float = Field(
        10, gt=0, description="Whoever takes longer to say what they want is cut off."
    )
    body_seconds: float = Field(
        30, gt=0, description="A form without files that takes longer to arrive is refused."
    )
    idle_seconds: float = Field(
        30, gt=0, description="A body of which nothing arrives for so long is refused."
    )
    connections_per_address: int = Field(
        600, ge=1, description="Connections of one address to one process, proxies aside."
    )
    session_idle: int = Field(60, ge=1, description="Minutes unused after which a session ends.")
    session_longest: int = Field(12, ge=1, description="Hours after which it ends in any case.")
    first_password_days: int = Field(
        7, ge=1, description="Days after which a password that somebody was given ends."
    )
    form_seconds: float = Field(
        3.0, ge=0, description="Who sends the form faster than this is no human; 0: not looked at."
    )
    work_bits: int = Field(
        0, ge=0, le=32, description="Proof of work that filing by API asks for; 0: none."
    )
    limit_intake: Limit = Field("60/hour", description="Complaints filed from one address.")
    limit_sign_in: Limit = Field(
        "30/10 minutes", description="Failed sign-ins from one address; success forgives one's own."
    )
    limit_oidc: Limit = Field(
        "600/10 minutes", description="Ways to and from the identity provider, from one address."
    )
    limit_codes: Limit = Field(
        "20/hour",
        description="One-time codes asked for from one address, and as many wrong ones tried.",
    )
    limit_phone: Limit = Field("10/hour", description="One-time codes sent to one phone.")
    limit_phone_from_one: Limit = Field(
        "5/hour", description="One-time codes sent to one phone that one address asked for."
    )
    limit_commands: Limit = Field("300/minute", description="Commands of one person or token.")
    agent_hosts: list[str] = Field(
        default_factory=list,
        description="Further names, as hosts, by which agents reach `/mcp`.",
    )
    limit_agents: Limit = Field("600/minute", description="Calls of one agent at `/mcp`.")
    limit_directory: Limit = Field(
        "600/minute", description="Searches of places, and of Open311, from one address."
    )
    limit_mail: Limit = Field("30/hour", description="Mails of one sender.")
    limit_mail_network: Limit = Field("600/hour", description="Mails from one address.")
    limits_url: str = Field(
        "", description="Redis that counts, as async+redis://host:6379; default: the store."
    )
    limits_exempt: list[str] = Field(
        ["127.0.0.0/8", "::1/128"],
        description="Networks whose requests are not counted. This machine is one of them only "
        "where no proxy stands in front and `public_url` is of this machine.",
    )

    # --- requests to addresses that others name: webhooks, gateways, other systems
    outbound_allow: str = Field(
        "",
        description="Hosts and networks, separated by commas, that requests may reach although "
        "they are private: 10.1.0.0/16, sms.example. Only they are reached without encryption.",
    )

    # --- messages to people
    smtp_host: str = Field("", description="The mail server; empty: no e-mail is sent.")
    smtp_port: Port = 587
    smtp_security: str = Field(
        "starttls",
        pattern="^(starttls|tls|none)$",
        description="How the connection to it is encrypted; `none` is for one on this machine.",
    )
    smtp_ca: Path | None = Field(
        None, description="Certificate that vouches for the mail server's; default: the system's."
    )
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    mail_from: str = Field(
        "",
        pattern=r"^([^@\s<>]+@[^@\s<>]+)?$",
        description="The address that mails are from, as hotline@example.org.",
    )
    sms_url: str = Field("", description="The SMS gateway; empty: no text message is sent.")
    sms_secret: SecretStr | None = Field(
        None, description="The secret that requests to it and its receipts are signed with."
    )
    sms_vendor: str = Field(
        "http",
        description="`http`, the signed requests of docs/how-to/messages.md, or an installed "
        "plug-in of the entry points `jiesu.sms`.",
    )
    sms_receipt_hours: float = Field(
        6.0,
        gt=0,
        description="Hours after which a text message without a receipt counts as not delivered.",
    )
    push_contact: str = Field(
        "",
        pattern=r"^((mailto:[^@\s]+@|https://)[^@\s]+)?$",
        description="Whom push services can write to, as mailto:hotline@example.org; empty: "
        "browsers are not notified.",
    )
    staff_addresses: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Where the day's digest goes, as JSON: `city/unit` or `city/supervisor` to an "
        "e-mail address, or with the extra `chat` to an address of apprise.",
    )

    # --- mails that become complaints
    mail_port: Port | None = Field(
        None, description="Port of the mail door (SMTP); empty: there is none."
    )
    mail_host: str = Field("127.0.0.1", description="Address that the mail door listens at.")
    mail_addresses: dict[str, str] = Field(
        default_factory=dict,
        description="The city of each address that takes mails, as JSON: "
        '{"12345@tongzhou.example.org": "tongzhou"}.',
    )
    mail_mb: int = Field(25, ge=1, le=100, description="The largest mail, in MB.")

    # --- sign-in with an identity provider (OpenID Connect)
    oidc_issuer: str = Field("", description="Its address; empty: only passwords.")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = Field("roles", description="The claim that says what somebody is.")
    oidc_roles: dict[str, str] = Field(
        default_factory=dict,
        description="What its values mean here: a role, role:unit, or role:unit:city. Whoever has "
        "none of them is not let in.",
    )

    @model_validator(mode="after")
    def _certificates(self) -> Self:
        if (self.temporal_cert is None) != (self.temporal_cert_key is None):
            raise ValueError("temporal_cert and temporal_cert_key are set together, or not at all")
        return self

    @property
    def engine_encrypted(self) -> bool:
        """True if the connection to the engine is encrypted: one of these settings asks for it."""
        asks = (
            self.temporal_tls,
            self.temporal_ca,
            self.temporal_cert,
            self.temporal_server_name,
            self.temporal_api_key,
        )
        return any(asks)

    @model_validator(mode="after")
    def _on_this_machine(self) -> Self:
        if not self.temporal_address:
            self.temporal_address = f"127.0.0.1:{self.temporal_port}"
        return self

    @property
    def store(self) -> str:
        """The store's URL, as SQLAlchemy reads it."""
        return self.store_url or f"sqlite:///{(self.home / 'jiesu.db').resolve()}"

    @property
    def key_text(self) -> str | None:
        """The key ring from the environment; None if it is in `key_file`."""
        secret_str = self.keys or self.secret_key
        return secret_str.get_secret_value() if secret_str else None

    @property
    def key_file(self) -> Path:
        return self.home / "secret.key"

    @property
    def archive(self) -> str:
        """The URL of the archive of histories."""
        return self.archive_url or (self.home / "archive").resolve().as_uri()

    @property
    def files(self) -> str:
        """The URL of the file storage."""
        return self.files_url or (self.home / "files").resolve().as_uri()
