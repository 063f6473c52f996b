"""Let a department's own program do the work of its unit."""

from jiesu_department.orders import Result, WorkOrder
from jiesu_department.worker import CannotHandle, department_worker, serve_department

__all__ = ["CannotHandle", "Result", "WorkOrder", "department_worker", "serve_department"]
