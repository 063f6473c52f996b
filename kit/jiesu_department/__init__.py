"""Let a department's own program do the work of its unit."""

from jiesu_department.orders import CitizenSaid, UnitOrder, UnitResult
from jiesu_department.worker import CannotHandle, department_worker, serve_department

__all__ = [
    "CannotHandle",
    "CitizenSaid",
    "UnitOrder",
    "UnitResult",
    "department_worker",
    "serve_department",
]
