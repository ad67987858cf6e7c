"""Moments and days as files write them: with a zone or without, as text, as a count since 1970.

What a value says itself, an offset or a zone, wins over the export's `time_zone`.
"""

import datetime as dt
import re
from collections.abc import Mapping

from ..config.load import Export
from ..contract import Column
from ..formats.names import INVISIBLE
from ..sql import literal
from .zones import GAPS_TABLE, REPEATS_TABLE

#: Years that a moment or a day can sensibly lie in; 0001 and 9999 stand for "none" in some systems.
_FIRST_MOMENT, _LAST_MOMENT, _FIRST_DAY = "1900-01-01", "2200-01-01", "1900-01-01"
_NO_TIME = "is not a timestamp"
#: Types of Parquet files that say nothing about a zone, by their precision.
_NAIVE_KINDS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_COUNTS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER", "DOUBLE")
_UNITS = {"seconds": 10**6, "milliseconds": 10**3, "microseconds": 1}
#: A number without a unit is a count since 1970 if it falls into so many years before its delivery.
_YEARS = 30

#: What abbreviations stand for, in minutes: those of RFC 5322, but not CST and CDT, which China and
#: Cuba use too, and those that only one region uses.
OFFSETS = {
    **{"UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120},
    **{"EEST": 180, "MSK": 180, "TRT": 180, "SAST": 120, "JST": 540, "KST": 540, "HKT": 480},
    **{"SGT": 480, "PKT": 300, "NPT": 345, "WIB": 420, "AWST": 480, "ACST": 570, "ACDT": 630},
    **{"AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "HST": -600, "AKST": -540},
    **{"AKDT": -480, "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "EST": -300},
    **{"EDT": -240, "NST": -210, "NDT": -150, "BRT": -180, "ART": -180, "CLT": -240},
}
#: Abbreviations of several regions; some of them DuckDB would read as one of these, unasked.
AMBIGUOUS = (
    *("BST", "IST", "CST", "CDT", "AST", "ADT", "ACT", "AMT", "AMST", "BOT", "CAT", "CCT", "ECT"),
    *("EAT", "FST", "GST", "LMT", "MET", "PRT", "PYT", "SST", "SMT", "WAT", "WST", "VST"),
    *("AET", "AGT", "BET", "CNT", "CTT", "IET", "MIT", "NET", "PLT", "PNT"),
)
AMBIGUOUS_ZONE = (
    "names a time zone of several meanings; say which in `zone_names:`, as in"
    " `zone_names: {BST: Europe/London}`"
)
_ABBREVIATION = r"[^A-Za-z/_]([A-Za-z]{2,6})\)?\s*$"


def moment(source: str, kind: str, export: Export, unit: str | None, delivered: dt.date) -> str:
    """The source as a moment in UTC; NULL where it cannot be.

    The session's time zone is the export's: naive values are in it, offsets are honoured.
    """
    if unit in _UNITS:
        micros = f"try_cast(round(try_cast({source} as decimal(38, 6)) * {_UNITS[unit]}) as bigint)"
        return f"make_timestamp({micros})"
    if kind in _COUNTS or kind.startswith("DECIMAL"):
        return f"make_timestamp(epoch_us({_counted(source, delivered)}))"
    if kind != "VARCHAR":
        return f"make_timestamp(epoch_us(try_cast({source} as timestamptz)))"
    is_given = export.timestamp_format is not None
    if is_given:
        return f"make_timestamp(epoch_us({_parsed(source, export)}))"
    told = f"make_timestamp(epoch_us({_read(source, export, delivered)}))"
    if export.time_zone != "UTC":
        return told
    # nearly all are written so, which leaves no room for an offset: read at a third of the cost
    plain = f"try_cast({source} as timestamp)"
    is_plain = f"{source} like '____-__-_____:__:__' and {plain} is not null"
    return f"case when {is_plain} then {plain} else {told} end"


def _read(source: str, export: Export, delivered: dt.date) -> str:
    """Text without a given format: ISO 8601 and what is near to it, or a count."""
    text = f"trim(regexp_replace({source}, '[{INVISIBLE}]', '', 'g'))"
    zoned = _zoned(text, export)
    # an offset after a blank, or after GMT; no seconds before it
    near = (
        f"regexp_replace({text}, '\\s*(?:GMT|UTC)?\\s*([+-][0-9]{{2}}):?([0-9]{{2}})?$', '\\1:\\2')"
    )
    near = f"regexp_replace({near}, ':$', ':00')"
    near = f"regexp_replace({near}, '([T ][0-9]{{1,2}}:[0-9]{{2}})(Z|[+-])', '\\1:00\\2')"
    near = f"case when contains({text}, ':') then try_cast({near} as timestamptz) end"
    tried = f"coalesce(try_cast({source} as timestamptz), {near}, {_counted(text, delivered)})"
    # DuckDB reads some abbreviations as a zone of its choice: those are looked at first
    return f"case when {_ends_in_letters(source)} then {zoned} else {tried} end"


def _ends_in_letters(source: str) -> str:
    last = f"{source}[-1]"
    is_letter = f"{last} between 'A' and 'Y' or {last} between 'a' and 'y' or {last} = ')'"
    return f"(not {last} between '0' and '9' and ({is_letter}))"  # nearly all end in a digit


def _zoned(text: str, export: Export) -> str:
    """Text that ends in the name of a zone: the name is replaced by what it stands for.

    An offset that stands before the name is its own.
    """
    name = f"upper(regexp_extract({text}, '{_ABBREVIATION}', 1))"
    bare = f"trim(regexp_replace({text}, '\\(?[A-Za-z]{{2,6}}\\)?\\s*$', ''))"
    seconds = f"regexp_replace({bare}, '([T ][0-9]{{1,2}}:[0-9]{{2}})$', '\\1:00')"
    has_offset = f"regexp_matches({bare}, ':[0-9.]+\\s*[+-][0-9]{{2}}:?[0-9]{{2}}$')"
    own = f"regexp_replace({bare}, '\\s+([+-][0-9:]+)$', '\\1')"
    meant = _case(name, _meanings(export))
    unread = ", ".join(literal(name) for name in _ambiguous(export))
    return (
        f"try_cast(case when {meant} is null then case when {name} not in ({unread}) then {text}"
        f" end when {has_offset} then {own} else {seconds} || {meant} end as timestamptz)"
    )


def _case(name: str, meanings: Mapping[str, str]) -> str:
    """The SQL of what the name of a zone stands for, to be written behind a time."""
    whens = " ".join(
        f"when {literal(known)} then {literal(told if told[0] in '+-' else ' ' + told)}"
        for known, told in meanings.items()
    )
    return f"case {name} {whens} end"


def _meanings(export: Export) -> dict[str, str]:
    known = {
        name: f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        for name, minutes in OFFSETS.items()
    }
    return known | {name.upper(): meaning for name, meaning in export.zone_names.items()}


def _ambiguous(export: Export) -> list[str]:
    told = {name.upper() for name in export.zone_names}
    return [name for name in AMBIGUOUS if name not in told]


def _parsed(source: str, export: Export) -> str:
    """Text of the export's `timestamp_format`."""
    form = export.timestamp_format or ""
    parsed = f"try_strptime({source}, {literal(form)})"
    if "%Z" not in form:
        return parsed if "%z" in form else f"timezone({literal(export.time_zone)}, {parsed})"
    # the name of the zone, wherever it stands, becomes the offset it stands for
    meanings = _meanings(export)
    names = "|".join([*meanings, *_ambiguous(export)])
    name = f"regexp_extract({source}, '\\b({names})\\b', 1)"
    offsets = {name: told for name, told in meanings.items() if told[0] in "+-"}
    zones = {name: told for name, told in meanings.items() if told[0] not in "+-"}
    read = [f"when {name} = '' then {parsed}"]
    for told, directive in ((offsets, "%z"), (zones, "%Z")):
        if told:
            meant = f"replace({source}, {name}, ltrim({_case(name, told)}))"
            listed = ", ".join(literal(known) for known in told)
            as_given = literal(form.replace("%Z", directive))
            read.append(f"when {name} in ({listed}) then try_strptime({meant}, {as_given})")
    return f"case {' '.join(read)} end"


def _counted(source: str, delivered: dt.date) -> str:
    """Digits: a day, a day and a time, or a count since 1970 that only one unit makes sensible."""
    last = dt.datetime.combine(delivered, dt.time(), dt.UTC) + dt.timedelta(days=2)
    first = last - dt.timedelta(days=365.25 * _YEARS)
    low, high = int(first.timestamp()), int(last.timestamp())
    number = f"try_cast({source} as decimal(38, 9))"
    counts = "".join(
        f" when {number} between {low * factor} and {high * factor}"
        f" then make_timestamptz(cast(round({number} * {10**6} / {factor}) as bigint))"
        for factor in (1, 10**3, 10**6, 10**9)
    )
    text = f"regexp_replace(cast({source} as varchar), '\\.0+$', '')"
    return (
        f"case when regexp_full_match({text}, '[12][0-9]{{7}}')"
        f" then timezone(current_setting('TimeZone'), try_strptime({text}, '%Y%m%d'))"
        f" when regexp_full_match({text}, '[12][0-9]{{7}}T?[0-9]{{6}}')"
        f" then timezone(current_setting('TimeZone'),"
        f" try_strptime(replace({text}, 'T', ''), '%Y%m%d%H%M%S'))"
        f" when regexp_full_match({text}, '[12][0-9]{{7}}T[0-9]{{6}}Z')"
        f" then timezone('UTC', try_strptime({text}, '%Y%m%dT%H%M%SZ'))"
        f"{counts} end"
    )


def day(source: str, kind: str, export: Export, unit: str | None, delivered: dt.date) -> str:
    """The source as a day; NULL where it cannot be."""
    if unit in _UNITS:
        return f"cast({moment(source, kind, export, unit, delivered)} as date)"
    if kind in _COUNTS or kind.startswith("DECIMAL"):
        return f"cast({_counted(source, delivered)} as date)"
    value = f"try_cast({source} as date)"
    if kind != "VARCHAR":
        return value
    text = f"trim(regexp_replace({source}, '[{INVISIBLE}]', '', 'g'))"
    told = [value, f"cast({_counted(text, delivered)} as date)"]
    if export.timestamp_format:
        parsed = f"try_strptime({source}, {literal(export.timestamp_format)})"
        told.insert(1, f"cast({parsed} as date)")
    return f"coalesce({', '.join(told)})"


def is_epoch(sql: str) -> bool:
    """Whether an expression makes a moment of a count since 1970: that is one in UTC."""
    made = r"\b(epoch_ms|make_timestamp(_ms|_ns)?)\s*\(((?!\().)*?\)"
    calls = re.finditer(made, sql, re.IGNORECASE)
    return any("," not in call[0] for call in calls) or bool(
        re.search(r"1970-01-01|'epoch'", sql, re.IGNORECASE)
    )


def faults(column: Column, kind: str, export: Export) -> list[tuple[str, str]]:
    """What is wrong with a value that is a time: conditions and reasons, costly ones nested."""
    name, source = column.name, f"_of_{column.name}"
    if column.data_type == "date":
        return [(f"{name} < date '{_FIRST_DAY}'", f"is before {_FIRST_DAY[:4]}")]
    found = [
        (
            f"{name} < timestamp '{_FIRST_MOMENT}' or {name} >= timestamp '{_LAST_MOMENT}'",
            f"is not in the years {_FIRST_MOMENT[:4]} to 2199",
        )
    ]
    if kind == "VARCHAR":  # DuckDB has a word for this moment
        is_word = f"lower(trim({source})) = 'epoch'"
        found.append((f"case when {name} = timestamp '1970-01-01' then {is_word} end", _NO_TIME))
    if local := _naive(column, kind, export):
        is_naive, naive = local
        zone = literal(export.time_zone)
        found.append(
            (
                f"case when {_within(name, GAPS_TABLE)} then {is_naive}"
                f" and cast({naive} as time) <> time '00:00:00'"
                f" and timezone({zone}, timezone('UTC', {name})) <> {naive} end",
                f"does not exist in {export.time_zone}: the clocks went forward",
            )
        )
    return found


def why_not(source: str, export: Export) -> str:
    """The SQL of the reason why a text is no moment."""
    names = ", ".join(literal(name) for name in _ambiguous(export))
    name = f"upper(regexp_extract({source}, '{_ABBREVIATION}', 1))"
    return (
        f"case when {name} in ({names}) then {literal(AMBIGUOUS_ZONE)} else {literal(_NO_TIME)} end"
    )


def repeated_hour(column: Column, kinds: Mapping[str, str], export: Export) -> str | None:
    """Whether a time falls in the hour that autumn repeats without saying which of the two it is.

    None where the column is not mapped, or its values always say.
    """
    if column.data_type != "timestamp" or column.name not in kinds:
        return None
    local = _naive(column, kinds[column.name], export)
    return f"{_within(column.name, REPEATS_TABLE)} and {local[0]}" if local else None


def _naive(column: Column, kind: str, export: Export) -> tuple[str, str] | None:
    """Whether a value is a time in the export's zone, and that local time; None if none can be."""
    source = f"_of_{column.name}"
    form = export.timestamp_format
    has_offset = form is not None and ("%z" in form or "%Z" in form)
    says_zone = export.time_zone == "UTC" or has_offset or export.unit(column.name)
    if says_zone or kind not in ("VARCHAR", *_NAIVE_KINDS):
        return None
    if kind == "VARCHAR" and form:
        return "true", f"try_strptime({source}, {literal(form)})"
    is_naive = f"not regexp_matches({source}, '([A-Za-z)]|[0-9][+-][0-9:]+)\\s*$')"
    return is_naive if kind == "VARCHAR" else "true", f"try_cast({source} as timestamp)"


def _within(name: str, changes: str) -> str:
    return f"time_bucket(interval 15 minutes, {name}) in (select moment from {changes})"
