"""Messages of tables: marked where they are written, translated when they are shown."""


def N_(message: str) -> str:
    """Mark a message in a table, to be translated when it is shown."""
    return message
