"""What the values decide of a draft: how they are written, what states mean; the rest is asked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from ...settings import dbt_defaults
from ..config.load import OtherColumn
from ..errors import ExportError
from ..formats.expressions import HIDDEN
from ..formats.readers import read_file
from ..mapping import numbers
from ..sql import identifier
from ..statuses import DEFAULT_STATUS_MAPS, STATUSES
from .draft import ZONE, Ask, Draft, Reading
from .look import CURRENCIES, SAMPLE_ROWS, SWAPPED, Look, Values, values_of
from .roles import is_money, tokens
from .trial import config_of, tried
from .words import state_of

_TABLE = "mapped"
#: Currency signs that only one currency has.
_SIGNS = {"€": "EUR", "£": "GBP", "₽": "RUB", "₹": "INR", "₺": "TRY", "₪": "ILS", "zł": "PLN"}
_SIGNS |= {"TL": "TRY", "руб": "RUB", "р": "RUB", "грн": "UAH", "лв": "BGN", "Ft": "HUF"}
_SIGNS |= {"Kč": "CZK", "R$": "BRL", "US$": "USD", "₩": "KRW"}


def settle(con: duckdb.DuckDBPyConnection, draft: Draft, look: Look, folder: Path) -> None:
    """Add to the draft what its values say, and ask for what they leave open."""
    texts = _texts(con, draft, look, folder)
    _times(draft, texts, look)
    _numbers(con, draft, texts, look)
    _states(draft, texts)
    _currency(con, draft, texts)
    _hundredths(con, draft, look)


def measured(draft: Draft, folder: Path) -> None:
    """Put beside each reading that is asked for what the sample comes to by it."""
    for number, ask in enumerate(draft.asks):
        if not ask.readings:
            continue
        said = []
        for reading in ask.readings:
            try:
                said.append(f"{reading.write} gives {tried(draft, folder, reading)}")
            except ExportError:
                said.append(f"{reading.write} cannot be loaded")
        draft.asks[number] = replace(ask, question=f"{ask.question} {'; '.join(said)}")


def _texts(
    con: duckdb.DuckDBPyConnection, draft: Draft, look: Look, folder: Path
) -> dict[str, tuple[str, Values]]:
    """Of each mapped column: the type it is read as, and what it holds, as text in `mapped`."""
    export = config_of(draft, folder).located(draft.table.name)
    incoming = read_file(con, look.largest, export, limit=SAMPLE_ROWS)
    found = {name.lower(): name for name in incoming.columns}
    sources: dict[str, tuple[str, str]] = {}
    for ours, column in export.columns.items():
        if ours in incoming.expressions:
            sources[ours] = (f"{HIDDEN}{ours}", incoming.expressions[ours])
        elif not isinstance(column, OtherColumn) or column.value is None:
            name = found[export.named[ours].lower()]
            sources[ours] = (name, incoming.columns[name])
    if not sources:
        return {}
    listed = ", ".join(
        f"cast({identifier(name)} as varchar) as {ours}" for ours, (name, _) in sources.items()
    )
    con.execute(f"create or replace temp table {_TABLE} as select {listed} from incoming")
    return {ours: (kind, values_of(con, _TABLE, ours)) for ours, (_, kind) in sources.items()}


def _times(draft: Draft, texts: Mapping[str, tuple[str, Values]], look: Look) -> None:
    types = {column.name: column.data_type for column in draft.table.columns.values()}
    times = {
        ours: (kind, values)
        for ours, (kind, values) in texts.items()
        if types.get(ours) in ("timestamp", "date") and values.filled
    }
    first = draft.table.time if draft.table.time in times else next(iter(times), None)
    if first is None:
        return
    formats = [
        form
        for form in times[first][1].formats
        if all(form in values.formats for _, values in times.values() if values.formats)
    ] or list(times[first][1].formats)
    if times[first][0] == "VARCHAR" and formats and "timestamp_format" not in draft.options:
        _format(draft, formats)
    for ours, (_kind, values) in times.items():
        column = draft.columns[ours]
        if (
            isinstance(column, str)
            and values.epoch not in ("", "days")
            and types[ours] == "timestamp"
        ):
            draft.columns[ours] = {"name": column, "unit": values.epoch}
    moments = [
        (kind, values) for ours, (kind, values) in times.items() if types[ours] == "timestamp"
    ]
    if not moments or "time_zone" in draft.options:
        return
    naive = [
        values
        for kind, values in moments
        if not values.has_offset
        and values.epoch in ("", "days")
        and "WITH TIME ZONE" not in kind
        and not any("%z" in form or "%Z" in form for form in values.formats)
    ]
    if not naive:
        return
    draft.options["time_zone"] = ZONE
    if not all(values.is_day for values in naive) and not any(
        ask.setting == "time_zone" for ask in draft.asks
    ):
        draft.asks.append(Ask("time_zone", "the times carry no offset: of which zone are they?"))


def _format(draft: Draft, formats: list[str]) -> None:
    """The format of times; asked for where days and months can be read in either order."""
    chosen = formats[0]
    other = next(
        (form.replace(a, b) for form in [chosen] for a, b in SWAPPED.items() if form.startswith(a)),
        None,
    )
    question = "is the day or the month first? No value says."
    if other not in formats and "%y" in chosen:
        other = next((form for form in formats[1:] if "%y" in form), None)
        question = "where does the year stand, and where the day?"
    if other in formats:
        if "%I" in chosen and chosen.startswith("%d"):
            chosen, other = str(other), chosen
        readings = [
            Reading(f"`{form}`", {"timestamp_format": form}) for form in (chosen, str(other))
        ]
        draft.asks.append(Ask("timestamp_format", question, readings))
    draft.options["timestamp_format"] = chosen


def _numbers(
    con: duckdb.DuckDBPyConnection,
    draft: Draft,
    texts: Mapping[str, tuple[str, Values]],
    look: Look,
) -> None:
    """Which signs stand between the digits, and what else stands around them."""
    columns = [
        ours
        for ours, (kind, values) in texts.items()
        if kind == "VARCHAR"
        and values.filled
        and ours in draft.table.columns
        and numbers.is_number(draft.table.columns[ours])
    ]
    if not columns:
        return
    union = " union all ".join(f"select trim({ours}) as v from {_TABLE}" for ours in columns)
    bare = r"regexp_replace(v, '[^0-9.,]', '', 'g')"
    tests = (
        f"regexp_matches({bare}, '(^|[^0-9])[0-9]*,([0-9]{{1,2}}|[0-9]{{4,}})$')",
        f"regexp_matches({bare}, '\\.([0-9]{{1,2}}|[0-9]{{4,}})$')",
        f"regexp_full_match({bare}, '[1-9][0-9]{{0,2}}(,[0-9]{{3}})+')",
        f"regexp_full_match({bare}, '[1-9][0-9]{{0,2}}\\.[0-9]{{3}}')",
        f"regexp_matches({bare}, ',[0-9]{{3}}.*\\.') or regexp_matches({bare}, ',.*,')",
        f"regexp_matches({bare}, '\\.[0-9]{{3}}.*,') or regexp_matches({bare}, '\\..*\\.')",
        f"{numbers.currency_sign('v')} is not null",
        "regexp_matches(v, '[0-9]\\s*%$')",
        "regexp_full_match(v, '\\(.*[0-9].*\\)')",
        "regexp_matches(v, '[0-9]\\s*-$')",
    )
    counted = ", ".join(f"count(*) filter ({test})" for test in tests)
    row = con.execute(f"select {counted} from ({union}) where v <> ''").fetchall()[0]
    comma, point, commas, points, grouped_by_comma, grouped_by_point, *styles = row
    names = ("currency", "percent", "parentheses", "trailing_minus")
    if found := [name for name, count in zip(names, styles, strict=True) if count]:
        draft.options["number_style"] = found
    if look.options.get("decimal") or "decimal" in draft.options or "thousands" in draft.options:
        return
    if (comma or grouped_by_point) and not point:
        draft.options["decimal"] = ","
        if points and not grouped_by_point:
            draft.options["thousands"] = "."
    elif commas or grouped_by_comma:
        decided = point or grouped_by_comma
        draft.options["thousands"] = ","
        if not decided:
            _ask_thousands(draft, ",", {"thousands": ","}, {"decimal": ",", "thousands": "."})
    elif points and not point:
        is_german = look.delimiter == ";"
        grouped = {"decimal": ",", "thousands": "."}
        plain = {"thousands": ","}
        draft.options |= grouped if is_german else plain
        _ask_thousands(draft, ".", *((grouped, plain) if is_german else (plain, grouped)))


def _ask_thousands(draft: Draft, sign: str, *readings: Mapping[str, str]) -> None:
    question = f"each '{sign}' stands before three digits: does it separate thousands or fractions?"
    told = []
    for options in readings:
        write = " and ".join(f"`{name}: '{value}'`" for name, value in options.items())
        told.append(Reading(write, {"decimal": ".", **options}))
    draft.asks.append(Ask("thousands", question, told))


def _states(draft: Draft, texts: Mapping[str, tuple[str, Values]]) -> None:
    """What each state that occurs means to us; unknown ones are asked."""
    name = draft.table.name
    if name not in STATUSES or "status" not in texts:
        return
    _, values = texts["status"]
    if values.distinct > len(values.few):
        draft.remarks.append(
            f"status is not mapped: {draft.columns.pop('status')} has {values.distinct} values"
        )
        return
    given = {k.lower(): v for k, v in draft.options.get("status_map", {}).items()}
    known = DEFAULT_STATUS_MAPS[name] | given
    found, unknown = {}, []
    for value, count in values.few:
        state = known.get(value.lower()) or state_of(value, name)
        if state is None:
            unknown.append(f"{value} ({count:,} rows)")
        elif state != value.lower():
            found[value] = state
    draft.options["status_map"] = found or None
    if not found:
        draft.options.pop("status_map")
    if unknown:
        words = ", ".join(STATUSES[name])
        question = (
            f"what do these states mean: {', '.join(unknown)}? Each is one of {words}; rows of a"
            " state that is not mapped are held back"
        )
        draft.asks.append(Ask("status_map", question))


def _currency(
    con: duckdb.DuckDBPyConnection, draft: Draft, texts: Mapping[str, tuple[str, Values]]
) -> None:
    if "currency" not in draft.table.columns:
        return
    if "currency" in texts:
        _, values = texts["currency"]
        draft.currencies = {c.upper(): n for c, n in values.few if c.upper() in CURRENCIES}
        codes = list(draft.currencies)
        if values.few and not codes:
            draft.remarks.append(
                f"currency is not mapped: {draft.columns.pop('currency')} has no codes"
            )
        elif (
            values.filled == values.rows
            or "currency" in draft.options
            or draft.options.get("grain") == "line"
            or len(codes) > 1
        ):
            return
        elif codes:
            draft.asks.append(
                Ask("currency", f"some rows name none; the others are in {', '.join(codes)}")
            )
            return
    if "currency" in draft.options:
        return
    if sign := _sign(con, draft, texts):
        draft.options["currency"] = sign
        return
    draft.asks.append(Ask("currency", "no column says which it is; as in `currency: EUR`"))


def _hundredths(con: duckdb.DuckDBPyConnection, draft: Draft, look: Look) -> None:
    """Money in cents: where the names of its columns say so, and asked where nothing does.

    Amounts with fractions in any column of the file, or of a currency without cents, are no cents.
    """
    money = [n for n, v in look.values.items() if is_money(n, v) and v.filled]
    sources = {
        ours: [n for n in money if n == column or identifier(n) in str(column)]
        for ours, given in draft.columns.items()
        if ours in draft.table.columns
        and numbers.is_number(draft.table.columns[ours])
        and not (isinstance(given, dict) and "unit" in given)
        for column in [given.get("sql", given.get("name")) if isinstance(given, dict) else given]
    }
    sources = {ours: names for ours, names in sources.items() if names}
    if not sources:
        return
    whole = " and ".join(
        f"bool_and(coalesce(regexp_full_match(trim({identifier(n)}), '(-?[0-9]+([.]0)?)?'), true))"
        for n in money
    )
    ((is_whole,),) = con.execute(f"select {whole} from {look.name}").fetchall()
    given = {ours: draft.columns[ours] for ours in sources}
    in_cents = {
        ours: (column if isinstance(column, dict) else {"name": column}) | {"unit": "cents"}
        for ours, column in given.items()
    }
    says = [ours for ours, names in sources.items() if any("cents" in tokens(n) for n in names)]
    if says and is_whole:
        draft.columns |= in_cents
        return
    codes = set(draft.currencies) or {draft.options.get("currency", "")}
    highest = max(look.values[n].highest for names in sources.values() for n in names)
    told = dbt_defaults()
    if (
        not is_whole
        or codes <= set(told["currencies_without_cents"])
        or highest < told["implausible_whole_amount"]
    ):
        return
    first = next(iter(sources))
    named = ", ".join(f"`{n}`" for n in dict.fromkeys(n for ns in sources.values() for n in ns))
    readings = [
        Reading("as they are"),
        Reading("with `unit: cents` at each", columns=in_cents),
    ]
    question = f"no value of {named} has a fraction: are they cents?"
    draft.asks.append(Ask(f"columns.{first}", question, readings))


def _sign(
    con: duckdb.DuckDBPyConnection, draft: Draft, texts: Mapping[str, tuple[str, Values]]
) -> str | None:
    """The currency whose sign the amounts bear, where it can only be one."""
    if "currency" not in draft.options.get("number_style", []):
        return None
    columns: Iterable[str] = [
        ours
        for ours in texts
        if ours in draft.table.columns and numbers.is_number(draft.table.columns[ours])
    ]
    union = " union all ".join(f"select trim({ours}) as v from {_TABLE}" for ours in columns)
    signs = con.execute(
        f"select distinct {numbers.currency_sign('v')} as sign from ({union}) where v <> ''"
        f" and {numbers.currency_sign('v')} is not null"
    ).fetchall()
    if len(signs) != 1:
        return None
    sign = signs[0][0].rstrip(".")
    return _SIGNS.get(sign) or (sign if re.fullmatch("[A-Z]{3}", sign) else None)
