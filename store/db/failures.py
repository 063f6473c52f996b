"""The distinction of an unavailable database from mistakes in its use."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from store.db.errors import StoreUnavailable

# SQLITE_ERROR is a mistake in the statement, not an unavailable database.
_SQLITE_ERROR = 1
# Classes of SQLSTATE after which another attempt may succeed: connection, transaction rolled back,
# resources, operator intervention, system; and single states: read only, lock not available, and
# a database that has not been made yet.
_PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
_PASSING_STATES = frozenset({"25006", "55P03", "3D000"})


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreUnavailable` if the database is unavailable; leave other errors unchanged."""
    try:
        yield
    except (exc.SQLAlchemyError, OSError) as error:
        if _passing(error):
            raise StoreUnavailable("the store cannot be reached") from error
        raise


def _passing(error: Exception) -> bool:
    """Return whether another attempt, later, may succeed."""
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
