"""Quoting for the few places where a name or a value from the configuration meets SQL."""

import re
from pathlib import Path


def identifier(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """The value as a SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """The path as a literal by which DuckDB's readers find this file alone: they take patterns."""
    return literal(re.sub(r"[*?\[]", lambda sign: f"[{sign[0]}]", str(path)))
