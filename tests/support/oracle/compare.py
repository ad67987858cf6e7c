"""Whether a mart holds what was counted, and nothing else."""

import math
from collections.abc import Iterable
from typing import Any

from ..shops import Shop


def differences(
    shop: Shop, mart: str, rows: Iterable[Any], key: int, where: str = "true"
) -> list[str]:
    """What differs from the counted rows; the first `key` columns tell them apart."""
    expected = {row[:key]: row for row in rows}
    columns = next(iter(expected.values()))._fields
    names = ", ".join(f'"{column}"' for column in columns)
    found = {row[:key]: row for row in shop.query(f"select {names} from {mart} where {where}")}
    return [
        *(f"{mart}: {row} is not counted" for row in sorted(set(found) - set(expected), key=str)),
        *(f"{mart}: {row} is missing" for row in sorted(set(expected) - set(found), key=str)),
        *(
            f"{mart}: {each}: {column} is {found[each][place]}, counted {value}"
            for each, row in expected.items()
            if each in found
            for place, (column, value) in enumerate(zip(columns, row, strict=True))
            if not _same(found[each][place], value)
        ),
    ]


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=0, abs_tol=1e-12)
    return bool(found == expected)
