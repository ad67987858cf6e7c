"""Which export table a file is likely to be, judged by its columns' names and a look at values."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import duckdb

from ..contract import Column, Table
from ..mapping.numbers import DECIMAL_COMMA
from ..sql import identifier, literal

#: Words for the same thing, so that `Order No` matches `order_id`.
_SAME = {
    **dict.fromkeys(("no", "nr", "num", "number", "ref", "key", "uuid", "guid"), "id"),
    **{
        "ship": "shipping",
        "cur": "currency",
        "qty": "quantity",
        "amt": "amount",
        "disc": "discount",
    },
}
#: Words that another name may contain without meaning something else.
_NEUTRAL = frozenset(
    {"order", "session", "event", "traffic", "utc", "gmt", "local", "total", "net"}
)
#: Short names that no spelling rule can match.
_SHORT = {
    "sid": "session_id",
    "uid": "customer_id",
    "cid": "customer_id",
    "vid": "anonymous_id",
    "hits": "page_views",
    "path": "page",
    "born": "birth_date",
    "first touch": "acquisition_source",
    "mail ok": "consent_email",
    "sms ok": "consent_sms",
    "push ok": "consent_push",
}
_TIME_FORMATS = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    *("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"),
)
_TIME_BY_KIND, _ALIKE, _GOOD = 0.3, 0.8, 0.45
_MISSING, _REPEATING = 1.5, 4.0
_REQUIRED = 0.05
_MOST = 0.9  # of the values: exports hold bad ones


@dataclass(frozen=True)
class Values:
    """What a sample of a column holds."""

    is_time: bool
    has_offset: bool
    time_format: str | None
    is_number: bool
    has_decimal_comma: bool
    has_fractions: bool
    is_boolean: bool
    is_unique: bool


@dataclass(frozen=True)
class Match:
    """A file taken for an export table: ours -> theirs, the required columns it lacks, its fit."""

    table: Table
    columns: dict[str, str]
    missing: list[Column] = field(default_factory=list)
    score: float = 0.0


def look_at(con: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> dict[str, Values]:
    """What the columns of the table `incoming` hold."""
    return {name: _values(con, identifier(name), kind) for name, kind in columns.items()}


def best_match(tables: Iterable[Table], values: dict[str, Values]) -> Match | None:
    """The export table that the columns fit best; None where they fit none."""
    matches = sorted((_match(table, values) for table in tables), key=lambda m: -m.score)
    fitting = [match for match in matches if _fits(match, len(values))]
    return fitting[0] if fitting else None


def _fits(match: Match, width: int) -> bool:
    if not {*match.table.key, "customer_id", "anonymous_id"} & set(match.columns):
        return False
    if match.missing:
        return len(match.missing) == 1 and len(match.columns) >= max(3, 0.6 * width)
    return match.score >= 1.5


def _match(table: Table, values: dict[str, Values]) -> Match:
    pairs = [
        (_likely(column, name, found), column.name, name)
        for column in table.columns.values()
        if not column.collects_rest
        for name, found in values.items()
    ]
    columns: dict[str, str] = {}
    score = 0.0
    for likely, ours, theirs in sorted(pairs, key=lambda pair: -pair[0]):
        if likely >= _GOOD and ours not in columns and theirs not in columns.values():
            columns[ours] = theirs
            score += likely
    times = [n for n, found in values.items() if found.is_time and n not in columns.values()]
    if table.time and table.time not in columns and len(times) == 1:
        columns[table.time] = times[0]
        score += _TIME_BY_KIND
    missing = [
        c
        for c in table.columns.values()
        if c.is_required and c.name not in columns and not _stands_in(c, table, columns)
    ]
    if len(table.key) == 1 and table.key[0] in columns:
        score -= 0 if values[columns[table.key[0]]].is_unique else _REPEATING
    ordered = {name: columns[name] for name in table.columns if name in columns}
    return Match(table, ordered, missing, score - _MISSING * len(missing))


def _stands_in(column: Column, table: Table, given: dict[str, str]) -> bool:
    """Whether the column's default can be computed from what is mapped."""
    used = {name for name in table.columns if re.search(rf"\b{name}\b", column.default or "")}
    needed = {name for name in used if f"coalesce({name}" not in (column.default or "")}
    return bool(needed) and needed <= set(given)


def _likely(column: Column, name: str, values: Values) -> float:
    like = likeness(column, name) if _is_plausible(column, values) else 0.0
    return like + _REQUIRED if like and column.is_required else like


def likeness(column: Column, name: str) -> float:
    """How much a file's name is like a column's or one of its synonyms, 0 to 1."""
    spaced = " ".join(_words(name))
    if _SHORT.get(spaced) == column.name:
        return 0.9
    if column.name == "quantity" and spaced.startswith("number of "):
        return 0.6
    known = [(column.name, 1.0)]
    known += [(also, 0.97 - 0.02 * rank) for rank, also in enumerate(column.also)]
    return max(weight * _alike(name, other) for other, weight in known)


def _alike(name: str, known: str) -> float:
    one, other = _words(name), _words(known)
    if "".join(one) == "".join(other):
        return 1.0
    mine, theirs = ({_SAME.get(word, word) for word in words} for words in (one, other))
    if mine == theirs:
        return 0.95
    if mine < theirs:
        return 0.7 * (len(mine) / len(theirs)) ** 0.5
    if theirs < mine and mine - theirs <= _NEUTRAL:
        return 0.6
    ratio = SequenceMatcher(None, "".join(one), "".join(other)).ratio()
    return 0.75 * ratio if ratio >= _ALIKE else 0.0


def _words(name: str) -> list[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]


def _is_plausible(column: Column, values: Values) -> bool:
    kind = column.data_type.split("(")[0]
    if kind in ("timestamp", "date"):
        return values.is_time
    if kind == "boolean":
        return values.is_boolean
    if kind in ("decimal", "bigint"):
        return values.is_number and not values.is_time
    return not values.is_time and not values.has_fractions


def _values(con: duckdb.DuckDBPyConnection, column: str, kind: str) -> Values:
    text = f"nullif(trim(cast({column} as varchar)), '')"
    tests = [
        "try_cast(value as timestamptz) is not null and contains(value, '-')",
        "contains(value, ':')"
        " and regexp_matches(value, '[0-9]( ?UTC|Z|[+-][0-9]{2}(:?[0-9]{2})?)$')",
        "try_cast(value as double) is not null",
        f"regexp_full_match(value, {literal(DECIMAL_COMMA)})",
        "try_cast(value as boolean) is not null",
        *(f"try_strptime(value, {literal(form)}) is not null" for form in _TIME_FORMATS),
    ]
    shares = ", ".join(f"coalesce(avg(cast({test} as integer)), 0)" for test in tests)
    row = con.execute(
        "select count(value), count(distinct value),"
        " coalesce(bool_or(try_cast(value as double) <> floor(try_cast(value as double))), false),"
        f" {shares} from (select {text} as value from incoming) where value is not null"
    ).fetchall()[0]
    count, distinct, has_fractions = row[:3]
    is_iso, has_offset, has_point, has_comma, is_boolean, *parsed = (
        share >= _MOST for share in row[3:]
    )
    has_comma = has_comma and not has_point
    written = next((f for f, fits in zip(_TIME_FORMATS, parsed, strict=True) if fits), None)
    return Values(
        is_time=is_iso or written is not None or kind.startswith(("TIMESTAMP", "DATE")),
        has_offset=has_offset or kind == "TIMESTAMP WITH TIME ZONE",
        time_format=None if is_iso else written,
        is_number=has_point or has_comma or not count,
        has_decimal_comma=has_comma,
        has_fractions=has_fractions or has_comma,
        is_boolean=is_boolean or not count,
        is_unique=distinct >= _MOST * count,
    )
