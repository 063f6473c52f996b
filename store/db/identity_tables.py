"""The tables of sign-in: accounts, sessions, credentials, failed attempts, counters."""

from datetime import datetime

from sqlalchemy import Index, Table
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class AccountTable(Base, table=True):
    """Staff accounts. `password` is an Argon2 hash, `totp` an encrypted secret; both optional.

    `password_given_at`: when somebody else set it; empty once the owner chose it. `totp_step` is
    the last time step a code was accepted for: no code is valid twice.
    """

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    display: str
    role: str
    unit: str | None = None
    city: str | None = None
    password: str | None = None
    password_given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    totp: bytes | None = None
    totp_step: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    display_folded: str = ""


class SessionTable(Base, table=True):
    """The sessions. Only a digest of the cookie's secret is stored.

    `device`: browser and system in a few words. `first_password`: it was begun with a password
    that somebody else set, and only allows changing it.
    """

    __tablename__ = "session"
    __table_args__ = (Index("session_by_account", "account"),)

    digest: str = Field(primary_key=True)
    account: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    device: str = ""
    first_password: bool = False


class SignInPlaceTable(Base, table=True):
    """From where an account signed in of late: a keyed fingerprint of the network, no address."""

    __tablename__ = "sign_in_place"

    account: str = Field(primary_key=True)
    network: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class RecoveryTable(Base, table=True):
    """Recovery codes for a lost second factor, as digests; each is deleted when it is used."""

    __tablename__ = "recovery_code"

    account: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)


class IdentityTable(Base, table=True):
    """The accounts of the users of identity providers."""

    __tablename__ = "identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    account: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class LockoutTable(Base, table=True):
    """Failed sign-ins as releases before migration 0018 counted them; nothing reads it now."""

    __tablename__ = "lockout"

    key: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)


class CounterTable(Base, table=True):
    """The number of requests in a window of time, for the rate limits of the API."""

    __tablename__ = "counter"
    __table_args__ = (Index("counter_by_expiry", "expires_at"),)

    key: str = Field(primary_key=True)
    count: int
    expires_at: datetime = Field(sa_type=UtcDateTime)


class ReservationTable(Base, table=True):
    """Attempts, counted under each of their keys before they are judged, and space kept free.

    `judged`: it failed; until then it may still be given back. A key holds fingerprints only.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        Index("reservation_by_key", "key", "expires_at"),
        Index("reservation_by_expiry", "expires_at"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    amount: int
    judged: bool = False
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class PhoneCodeTable(Base, table=True):
    """One-time codes for phones: the code as a digest, and encrypted for its sender."""

    __tablename__ = "phone_code"
    __table_args__ = (Index("phone_code_by_phone", "phone_hash", "created_at"),)

    id: str = Field(primary_key=True)
    phone_hash: str
    digest: str
    sealed: bytes
    wrong: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


metadata = Base.metadata

account: Table = metadata.tables["account"]
session: Table = metadata.tables["session"]
sign_in_place: Table = metadata.tables["sign_in_place"]
recovery_code: Table = metadata.tables["recovery_code"]
identity: Table = metadata.tables["identity"]
counter: Table = metadata.tables["counter"]
reservation: Table = metadata.tables["reservation"]
phone_code: Table = metadata.tables["phone_code"]
