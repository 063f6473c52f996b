"""The tables of rewards: the points ledger, and what became of each report, wallet and prize."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Table, Text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime


class RewardEntryTable(Base, table=True):
    """The entries of the points ledger. Append-only: triggers refuse changes.

    `cause`: what an entry is about, such as `grant/<number>`: nothing is entered twice. `kind`: the
    part of it before the slash. `number` and `version`: the ticket, and its version when it was
    judged. `prize`, `redemption`: of a redemption. `actor` with `role` and `unit`: who caused it;
    empty for the system and for citizens. What was said
    of a decision is in the grant, where it can be erased.
    """

    __tablename__ = "reward_entry"
    __table_args__ = (
        Index("reward_entry_by_time", "city", "at", "cause"),
        Index("reward_entry_by_ticket", "number"),
    )

    cause: str = Field(primary_key=True)
    city: str
    kind: str
    at: datetime = Field(sa_type=UtcDateTime)
    number: str | None = None
    version: int | None = None
    rule: str | None = None
    prize: str | None = None
    redemption: str | None = None
    role: str = ""
    actor: str = ""
    unit: str | None = None


NOT_BELOW_ZERO = "balance >= 0 OR account = 'fund' OR substr(account, 1, 7) = 'supply/'"
"""The condition that the database keeps for every posting: only the city's fund may owe points,
and only what supplies a prize may owe pieces."""


class RewardPostingTable(Base, table=True):
    """The postings of the ledger, those of an entry adding up to zero. Append-only likewise.

    `n` counts an account's postings, and `balance` is their sum up to this one: two that were
    computed from the same balance cannot both be stored.
    """

    __tablename__ = "reward_posting"
    __table_args__ = (
        CheckConstraint(NOT_BELOW_ZERO, name="reward_posting_not_below_zero"),
        CheckConstraint("amount <> 0", name="reward_posting_moves_something"),
        Index("reward_posting_by_cause", "cause"),
    )

    city: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    cause: str
    amount: int
    balance: int


class RewardGrantTable(Base, table=True):
    """The state of the reward for each report that was judged.

    `version`: of the ticket when it was judged; one that earned nothing is judged again when it
    has changed. `day`: on which it was filed, in the city. `reasons`, `alike`: codes and numbers
    with spaces between. `until`: how long its points can be spent. `decided_at` and the like: of a
    reward that was held back.
    """

    __tablename__ = "reward_grant"
    __table_args__ = (
        Index("reward_grant_by_state", "city", "state", "judged_at"),
        Index("reward_grant_by_day", "city", "day"),
    )

    number: str = Field(primary_key=True)
    city: str
    state: str
    version: int
    rule: str | None = None
    points: int = 0
    reasons: str = ""
    alike: str = ""
    day: str
    judged_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_role: str | None = None
    decided_by: str | None = None
    decision: str = Field(default="", sa_type=Text)


class RewardWalletTable(Base, table=True):
    """The wallets, in which somebody joins the points of several receipts. `mark`: of its code."""

    __tablename__ = "reward_wallet"

    id: str = Field(primary_key=True)
    city: str
    mark: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RewardReceiptTable(Base, table=True):
    """The receipts that were joined to a wallet."""

    __tablename__ = "reward_receipt"
    __table_args__ = (Index("reward_receipt_by_wallet", "wallet"),)

    number: str = Field(primary_key=True)
    city: str
    wallet: str
    joined_at: datetime = Field(sa_type=UtcDateTime)


class RewardRedemptionTable(Base, table=True):
    """The prizes that were chosen. `mark`: of the code that fetches it; the code is stored nowhere.

    `settled_at` and `settled_by`: when it was handed out, and by which account; or cancelled.
    """

    __tablename__ = "reward_redemption"
    __table_args__ = (
        Index("reward_redemption_by_prize", "city", "prize", "state"),
        Index("reward_redemption_by_account", "city", "account"),
        Index("reward_redemption_by_end", "state", "valid_until"),
    )

    id: str = Field(primary_key=True)
    city: str
    prize: str
    unit: str
    points: int
    account: str
    mark: str = Field(unique=True)
    state: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str = ""


class PictureMarkTable(Base, table=True):
    """The mark of each photo of a report, to find it again; empty for one without features."""

    __tablename__ = "picture_mark"
    __table_args__ = (
        Index("picture_mark_by_time", "city", "filed_at"),
        Index("picture_mark_by_ticket", "number"),
    )

    file: str = Field(primary_key=True)
    number: str
    city: str
    mark: str
    filed_at: datetime = Field(sa_type=UtcDateTime)


class FilingNetworkTable(Base, table=True):
    """From which network a report that can earn points was filed: a keyed fingerprint."""

    __tablename__ = "filing_network"
    __table_args__ = (Index("filing_network_by_network", "network", "at"),)

    number: str = Field(primary_key=True)
    network: str
    at: datetime = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

reward_entry: Table = metadata.tables["reward_entry"]
reward_posting: Table = metadata.tables["reward_posting"]
reward_grant: Table = metadata.tables["reward_grant"]
reward_wallet: Table = metadata.tables["reward_wallet"]
reward_receipt: Table = metadata.tables["reward_receipt"]
reward_redemption: Table = metadata.tables["reward_redemption"]
picture_mark: Table = metadata.tables["picture_mark"]
filing_network: Table = metadata.tables["filing_network"]
