"""The tables of imports: the complaints of other systems, and batches of slips at the desk."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime


class ImportedComplaintTable(Base, table=True):
    """The complaints of other systems, each once by the number that it has there.

    `number`: the ticket that it became; None for one that the other system had closed, of which
    only this row is kept. `closed_at` may be unknown of such a one, too.
    """

    __tablename__ = "imported_complaint"
    __table_args__ = (Index("imported_complaint_by_ticket", "number"),)

    city: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    own: str = Field(primary_key=True)
    number: str | None
    link: str = Field(sa_type=Text)
    kind: str
    category: str | None
    unit: str | None
    filed_at: datetime | None = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(sa_type=UtcDateTime)
    imported_at: datetime = Field(sa_type=UtcDateTime)


class SlipBatchTable(Base, table=True):
    """The batches of slips that somebody at the desk is filing. `channel`, `kind`: of all rows.

    `digest`: of all that was sent under the key that the id is made of.
    """

    __tablename__ = "slip_batch"
    __table_args__ = (Index("slip_batch_by_age", "created_at"),)

    id: str = Field(primary_key=True)
    city: str
    account: str
    digest: str
    channel: str
    kind: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SlipTable(Base, table=True):
    """The rows of a batch, each with its own number from 1.

    `sealed`: what was written on the slip, encrypted; None once it is a ticket. `faults`: codes of
    what is wrong, by column, as JSON. `number`: the ticket that it became.
    """

    __tablename__ = "slip"

    batch: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    sealed: bytes | None
    faults: str = Field(sa_type=Text)
    number: str | None


class MailTable(Base, table=True):
    """The mails that were taken, each once by its fingerprint; the mail itself is not here.

    `number`: the ticket that it became or was added to; None until that is settled. `outcome`:
    filed, added, or why it was left.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("mail_by_age", "received_at"),)

    id: str = Field(primary_key=True)
    city: str
    number: str | None
    outcome: str
    received_at: datetime = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

imported: Table = metadata.tables["imported_complaint"]
slip_batch: Table = metadata.tables["slip_batch"]
slip: Table = metadata.tables["slip"]
mail: Table = metadata.tables["mail"]
