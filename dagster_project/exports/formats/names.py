"""The names of a file's columns, as the mapping may speak of them: clean, and each once."""

import re
from collections import Counter
from collections.abc import Iterable

#: Characters that nobody sees: of no width, soft hyphens, byte-order marks.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


def clean_name(name: str) -> str:
    """The name without invisible characters, and without the blanks and quotes around it."""
    name = re.sub(f"[{INVISIBLE}]", "", name).replace("\u00a0", " ").strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, those that occur twice (in any case) numbered: `amount_1`, `amount_2`."""
    names = list(names)
    occurrences = Counter(name.lower() for name in names)
    taken = {name for name, times in occurrences.items() if times == 1}
    unique = []
    for name in names:
        if occurrences[name.lower()] > 1:
            numbered = (f"{name}_{number}" for number in range(1, len(names) + len(taken) + 1))
            name = next(n for n in numbered if n.lower() not in taken)
            taken.add(name.lower())
        unique.append(name)
    return tuple(unique)
