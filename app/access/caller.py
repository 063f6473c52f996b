"""The identified caller of a request: by token, session, or the access code of a ticket."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.errors import Problem
from domain.actors import OF_UNITS, Actor, Role
from domain.commands.relations import Relation, relation
from domain.pack.pack import Pack
from domain.policy.agents import open_to_machines
from domain.policy.permissions import RIGHTS, Right, Scope
from domain.ticket.complaint import Filer
from domain.ticket.ticket import Ticket
from store.identity.sessions import Session

EVERY_SCOPE = frozenset(Scope)
BY_CITIZEN = Filer(role=Role.CITIZEN)


@dataclass(frozen=True)
class Caller:
    """The caller of a request. `id` is unique, and the prefix of the caller's keys.

    `city`: the only one this caller serves; None: all of them. `scopes`: what a token is for.
    `ticket`: the only one of a citizen, whose access code they showed. `masked`: what this machine
    is shown is covered (`app.agents`). `city_unclear`: an officer
    without a city, whose unit's code is not that of exactly one. `granted`: the rights, each with
    its ticket, that were found in this request.
    """

    actor: Actor
    id: str
    name: str = ""
    city: str | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE
    session: Session | None = None
    ticket: str | None = None
    masked: bool = False
    city_unclear: bool = False
    granted: set[tuple[str, str | None]] = field(default_factory=set, compare=False, repr=False)

    @property
    def first_password(self) -> bool:
        """True if this caller has to choose a password of their own first."""
        return self.session is not None and self.session.first_password

    @property
    def machine(self) -> bool:
        """True if a machine is asking, with the token of an agent."""
        return self.actor.machine

    @property
    def citizen(self) -> bool:
        return self.actor.role is Role.CITIZEN

    @property
    def unit(self) -> str | None:
        """The unit whose share this caller is confined to; None: not confined."""
        if self.actor.role not in OF_UNITS:
            return None
        if self.actor.unit is None:
            raise Problem("forbidden", "This account has no unit.")
        return self.actor.unit

    @property
    def confined(self) -> bool:
        """True if there are tickets that this caller must not learn of."""
        return self.unit is not None or self.city is not None

    def may(self, right: Right) -> bool:
        """Return whether role and scopes allow it; the relation to the ticket is not checked."""
        if self.machine and not open_to_machines(right.key, masked=self.masked):
            return False
        scoped = right.scope is None or right.scope in self.scopes
        return scoped and self.actor.role in right.roles

    @property
    def unmasks(self) -> bool:
        """True if this caller may read people's data in full: a token needs the scope for it."""
        return Scope.UNMASK in self.scopes

    @property
    def filer(self) -> Filer:
        """This caller, as a complaint keeps who filed it."""
        if self.citizen:
            return BY_CITIZEN
        return Filer(
            role=self.actor.role,
            account=self.id,
            unit=self.actor.unit,
            program=self.session is None,
        )

    def serves(self, city: str) -> bool:
        return self.city in (None, city)

    def near(self, ticket: Ticket, pack: Pack) -> Relation:
        return relation(ticket, self.unit, pack)

    def may_with(self, key: str, ticket: Ticket, pack: Pack) -> bool:
        """Return whether role, scopes and the unit's relation to the ticket allow it."""
        right = RIGHTS[key]
        return self.may(right) and right.allows(self.actor.role, self.near(ticket, pack))

    def sees(self, ticket: Ticket, pack: Pack) -> bool:
        """Return whether this caller may know of the ticket."""
        if self.machine and ticket.of_wrongdoing:  # no machine knows of reports of wrongdoing
            return False
        allowed = RIGHTS["get_ticket"].allows(self.actor.role, self.near(ticket, pack))
        return allowed and self.serves(ticket.complaint.city)


AskedAgain = Callable[[], Awaitable[Caller]]
"""The question who the caller is by now: refused where a token was revoked meanwhile."""
