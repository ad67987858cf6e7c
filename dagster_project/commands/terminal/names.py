"""What a misspelt name may have meant."""

import difflib
from collections.abc import Iterable

#: Names that are listed where none is near.
_LISTED = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """A question or a list: `do you mean a or b?`, `there are a, b, c`."""
    words = sorted(known)
    if close := difflib.get_close_matches(name, words, n=3, cutoff=0.5):
        return f"do you mean {' or '.join(close)}?"
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return f"there are {', '.join(words[:_LISTED])}{more}" if words else "there is none"
