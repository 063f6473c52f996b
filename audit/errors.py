"""What the audit cannot do.

AuditError
├── NoHistory         the engine has no history of this ticket (any more)
├── HistoryErased     it was erased: nobody can read it any more, as was asked for
└── NotDeterministic  the code as it is does not follow the recorded history
"""


class AuditError(Exception):
    code = "audit_error"


class NoHistory(AuditError):
    code = "no_history"


class HistoryErased(AuditError):
    code = "erased"


class NotDeterministic(AuditError):
    code = "not_deterministic"
