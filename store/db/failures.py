"""Which failures of a database are its absence, and which are somebody's mistake."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from store.db.errors import StoreUnavailable

# SQLITE_ERROR is a mistake in the statement, not a database that is away.
_SQLITE_ERROR = 1
# Classes of SQLSTATE that another attempt may cure: connection, transaction rolled back,
# resources, operator's doing, system; and single states: read only, lock not available, and a
# database that has not been made yet.
_PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
_PASSING_STATES = frozenset({"25006", "55P03", "3D000"})


@contextmanager
def translated() -> Iterator[None]:
    """Turns the absence of the database into `StoreUnavailable`; mistakes stay what they are."""
    try:
        yield
    except (exc.SQLAlchemyError, OSError) as error:
        if _passing(error):
            raise StoreUnavailable("the store cannot be reached") from error
        raise


def _passing(error: Exception) -> bool:
    """Whether another attempt, later, may succeed."""
    if not isinstance(error, exc.SQLAlchemyError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, exc.TimeoutError | exc.DisconnectionError)
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return isinstance(error, exc.OperationalError) and code & 0xFF != _SQLITE_ERROR
    return isinstance(error, exc.OperationalError | exc.InterfaceError)
