"""Quoting for the few places where a name or a value from the configuration meets SQL."""


def identifier(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """The value as a SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
