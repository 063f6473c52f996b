"""Errors of the audit.

AuditError
├── NoHistory         the engine has no history of this ticket (any more)
├── HistoryErased     it was erased on purpose and cannot be read any more
├── ArchiveDamaged    its archived history is missing, or was changed
└── NotDeterministic  today's code does not follow the recorded history
"""


class AuditError(Exception):
    code = "audit_error"


class NoHistory(AuditError):
    code = "no_history"


class HistoryErased(AuditError):
    code = "erased"


class ArchiveDamaged(AuditError):
    code = "archive_damaged"


class NotDeterministic(AuditError):
    code = "not_deterministic"
