"""What stands behind a figure, printed."""

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

from ..tables import show
from ..terminal.exit_codes import BROKEN, GREEN, USER_ERROR
from .sources import Explained


def tell(explained: Explained, limit: int) -> int:
    """Print the rows, the first ones by a limit, and how they add up; the exit code."""
    print(f"{explained.what}\n")
    shown = explained.rows[:limit] if limit else explained.rows
    show([tuple(_told(value) for value in row) for row in shown], explained.columns)
    if hidden := len(explained.rows) - len(shown):
        print(f"... and {hidden:,} more; --limit 0 shows all")
    print()
    show(
        [(f.name, _told(f.of_rows), _told(f.published)) for f in explained.figures],
        ("figure", "of the rows", "published"),
    )
    for note in explained.notes:
        print(note)
    wrong = [figure.name for figure in explained.figures if not figure.adds_up]
    if not wrong:
        print("the rows add up to what is published")
        return GREEN
    print(
        f"error: the rows do not add up to what is published: {', '.join(wrong)};"
        f" {explained.drifted or 'this is a defect'}",
        file=sys.stderr,
    )
    return USER_ERROR if explained.drifted else BROKEN


def _told(value: Any) -> str | int:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:,.2f}"
        case int():
            return value
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)
