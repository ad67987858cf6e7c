"""The facts of nights, gathered in a few scans: of counts, shares and shapes, of no person.

Only the newest nights and those that they are compared with are looked at.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

import duckdb

from ...exports.contract import Column, Table
from ...exports.sql import identifier, literal
from .night import JUDGED_DAYS, FileDay, Night, Place, places

#: Columns whose values are few, and say what kind of thing a row is.
KINDS = (
    *("status", "currency", "event_name", "kind", "source", "medium", "channel", "country"),
    *("device", "platform", "plan", "acquisition_source", "survey"),
)
#: Columns by which customers are counted and parted: so many rows of a day name one.
PARTING = ("customer_id", "source", "channel", "campaign", "country", "device", "coupon_code")
#: And so many customers are there for the first time.
NEW_CUSTOMERS = "new customers"
#: Money and such. Of units there are mostly one or two, which says nothing of a median.
_NO_AMOUNTS = ("quantity",)
_MOMENT_OF_DAY = "epoch(local_at)::bigint % 86400"


def file_days(con: duckdb.DuckDBPyConnection, table: Table) -> list[FileDay]:
    """Every file of an export by the days its rows are of; one without rows is of none."""
    day = table.day or "cast(null as date)"
    staged = {
        name
        for (name,) in con.execute(
            "select column_name from duckdb_columns()"
            " where schema_name = 'staging' and table_name = ?",
            [table.staged],
        ).fetchall()
    }
    counts = "row_status = 'used'"
    if table.name == "orders":
        counts += " and status in ('counted', 'refunded')"
    sums = [f"'rows': count(*) filter ({counts})"]
    sums += [f"'{name}': count({name}) filter ({counts})" for name in PARTING if name in staged]
    sums += [
        f"'{name}': coalesce(sum({name}) filter ({counts}), 0)"
        for name in ("amount", "cost")
        if name in staged
    ]
    firsts = "select null::varchar as _file, null::date as day, 0 as customers where false"
    if table.day and "customer_id" in staged:
        firsts = f"""
            select _file, day, count(*) as customers
            from (
                select
                    min({day}) as day,
                    arg_min(_file, struct_pack(d := {day}, f := _file)) as _file
                from staging.{identifier(table.staged)}
                where row_status = 'used' and customer_id is not null
                group by customer_id
            )
            group by all
        """
    found = con.execute(
        f"""
        select
            files.file, regexp_replace(files.file, '[0-9]+', '#', 'g'), files.delivered_at,
            counted.day, coalesce(counted.rows, 0), coalesce(counted.kept, 0),
            map_concat(
                counted.sums,
                map {{'{NEW_CUSTOMERS}': coalesce(firsts.customers, 0)}}::map(varchar, double)
            )
        from ledger.files as files
        left join (
            select
                _file, {day} as day, count(*) as rows,
                count(*) filter (where row_status in ('used', 'quarantined')) as kept,
                map {{ {", ".join(sums)} }}::map(varchar, double) as sums
            from staging.{identifier(table.staged)}
            group by all
        ) as counted on files.file = counted._file
        left join ({firsts}) as firsts
            on counted._file = firsts._file and counted.day = firsts.day
        where files.export = {literal(table.name)}
        order by all
        """
    ).fetchall()
    return [FileDay(f, s, at, day, n, kept, sums or {}) for f, s, at, day, n, kept, sums in found]


def gather(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Collection[FileDay],
    *,
    mapped: Collection[str],
    zone: str,
    until: dt.date | None,
    behind: int | None,
    past_days: int,
) -> list[Night]:
    """The newest nights of an export, and the past that they are compared with.

    The rows looked at stay in the temporary table `night_rows`, for examples.

    Args:
        con: The build file.
        table: The export.
        files: Its files by day.
        mapped: Its columns that `exports.yml` maps.
        zone: Where days begin and end.
        until: The newest day of any export: a file of many days has to tell of the days up to it,
            or up to its delivery.
        behind: How many days before it the export ended when it was published, if it was.
        past_days: How long before a night those are that it is compared with.
    """
    found = places(files)
    if not found:
        return []
    found += _silent(found, until, behind)
    newest = max(place.date for place in found)
    oldest = newest - dt.timedelta(days=JUDGED_DAYS + past_days)
    nights = _numbered([place for place in found if place.date > oldest])
    _collect(con, table, nights, zone)
    columns = [c for c in table.columns.values() if c.name in mapped or c.default]
    facts: dict[int, dict[str, Any]] = {n: {"rows": 0} for n in range(len(nights))}
    for gathered in (
        _counts(con, table, columns),
        _values(con, columns),
        _ids(con, table, columns),
        _customers(con, table, columns),
        _devices(con, columns),
        _copies(con, table, columns),
        _main_days(con, table),
    ):
        for number, told in gathered.items():
            facts[number] |= told
    return [
        Night(
            table.name,
            *(series, date),
            max(place.file for place in of_night),
            max(place.delivered_at for place in of_night),
            of_night[0].is_day,
            facts[number],
        )
        for number, ((series, date), of_night) in enumerate(nights.items())
    ]


def _silent(found: list[Place], until: dt.date | None, behind: int | None) -> list[Place]:
    """Days within files of many days, up to their delivery, of which nothing is told."""
    told = {place.date for place in found}
    silent = []
    for series in sorted({place.series for place in found if place.is_day}):
        last = max((p for p in found if p.series == series and p.is_day), key=lambda p: p.file)
        first = min(place.date for place in found if place.series == series)
        end = min(last.delivered_at - dt.timedelta(days=1), until or last.date)
        if until and behind is not None:  # the same file again is not read again
            end = max(end, until - dt.timedelta(days=behind))
        days = (first + dt.timedelta(days=n) for n in range((end - first).days + 1))
        silent += [
            Place(last.file, day, series, day, last.delivered_at, True)
            for day in days
            if day not in told
        ]
    return silent


def _numbered(found: list[Place]) -> dict[tuple[str, dt.date], list[Place]]:
    nights: dict[tuple[str, dt.date], list[Place]] = {}
    for place in sorted(found, key=lambda p: (p.date, p.series, p.file)):
        nights.setdefault((place.series, place.date), []).append(place)
    return nights


def _collect(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    nights: dict[tuple[str, dt.date], list[Place]],
    zone: str,
) -> None:
    """Put the rows of these nights where the facts are taken from."""
    con.execute(
        "create or replace temp table night_places"
        " (file varchar, day date, night integer, is_day boolean)"
    )
    parts = [
        (place.file, place.day, number, place.is_day)
        for number, of_night in enumerate(nights.values())
        for place in of_night
    ]
    con.execute(
        "insert into night_places select unnest($1), unnest($2::date[]), unnest($3), unnest($4)",
        [list(values) for values in zip(*parts, strict=True)],
    )
    at = "cast(null as timestamp)"
    if table.time:
        at = f"timezone({literal(zone)}, timezone('UTC', cast(raw.{table.time} as timestamp)))"
    day = f"staged.{table.day}" if table.day else "cast(null as date)"
    con.execute(
        f"""
        create or replace temp table night_rows as
        select raw.*, places.night, places.is_day, {day} as day, {at} as local_at
        from staging.{identifier(table.staged)} as staged
        inner join night_places as places
            on staged._file = places.file and {day} is not distinct from places.day
        inner join raw.{identifier(table.name)} as raw
            on staged._file = raw._file and staged._line = raw._line
        -- of days that several files tell of, what counts of them
        where not places.is_day or staged.row_status in ('used', 'quarantined')
        """
    )


def _rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    answer = con.execute(sql)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _counts(
    con: duckdb.DuckDBPyConnection, table: Table, columns: list[Column]
) -> dict[int, dict[str, Any]]:
    """Rows, what is empty, amounts, and times of day."""
    asked = ["count(*) as rows"]
    asked += [f"count(*) - count({identifier(c.name)}) as empty__{c.name}" for c in columns]
    amounts = [c.name for c in columns if c.data_type.startswith("decimal")]
    amounts = [name for name in amounts if name not in _NO_AMOUNTS]
    for name in amounts:
        above = f"filter (where {name} > 0)"
        asked += [
            f"median({name}::double) {above} as median__{name}",
            f"avg({name}::double) {above} as mean__{name}",
            f"stddev_samp(ln(case when {name} > 0 then {name}::double end)) as sigma__{name}",
            f"max({name})::double as largest__{name}",
            f"sum({name})::double as total__{name}",
            f"count(*) filter (where {name} = 0) as zero__{name}",
            f"count(*) filter (where {name} < 0) as negative__{name}",
        ]
    if table.time:
        asked += [
            f"count(*) filter (where {SWAPPED}) as swapped",
            f"count(*) filter (where {YEAR_OFF}) as year_off",
        ]
    if table.time and table.columns[table.time].data_type == "timestamp":
        asked += [
            "list(hour(local_at)) as hours",
            f"count(*) filter (where {_MOMENT_OF_DAY} = 0) as midnight",
            "min(hour(local_at) * 60 + minute(local_at)) as first_minute",
            "max(hour(local_at) * 60 + minute(local_at)) as last_minute",
        ]
    found = {}
    for row in _rows_of(con, f"select night, {', '.join(asked)} from night_rows group by night"):
        told: dict[str, Any] = {"rows": row["rows"], "empty": {}, "amounts": {}}
        for key, value in row.items():
            what, _, name = key.partition("__")
            if what == "empty" and name:
                told["empty"][name] = value
            elif name:
                told["amounts"].setdefault(name, {})[what] = value
            elif key == "hours":
                told["hours"] = [value.count(hour) for hour in range(24)]
            elif key != "night":
                told[key] = value
        found[row["night"]] = told
    return found


#: Rows whose day and month are the wrong way round, of a night that would else be of its time.
SWAPPED = (
    "not is_day and day(day) <= 12 and day(day) <> month(day)"
    " and day not between _delivered_at - 7 and _delivered_at + 1"
    " and make_date(year(day), least(day(day), 12), month(day))"
    " between _delivered_at - 7 and _delivered_at"
)
#: Rows of another year that would else be of their time.
YEAR_OFF = (
    "not is_day and abs(year(_delivered_at) - year(day)) >= 1 and day(day) <= 28"
    " and day not between _delivered_at - 7 and _delivered_at + 1"
    " and make_date(year(_delivered_at), month(day), least(day(day), 28))"
    " between _delivered_at - 7 and _delivered_at"
)


def _values(
    con: duckdb.DuckDBPyConnection, columns: list[Column]
) -> dict[int, dict[str, dict[str, dict[str, int]]]]:
    """How often each value of the columns that say what kind of thing a row is occurs."""
    found: dict[int, dict[str, dict[str, dict[str, int]]]] = {}
    for column in columns:
        if column.is_personal or not (column.name in KINDS or column.data_type == "boolean"):
            continue
        name = identifier(column.name)
        for row in con.execute(
            f"select night, coalesce(left({name}::varchar, 60), ''), count(*) from night_rows"
            " group by all order by 1, 3 desc, 2"
        ).fetchall():
            values = found.setdefault(row[0], {"values": {}})["values"].setdefault(column.name, {})
            if len(values) < 50:
                values[row[1]] = row[2]
    return found


#: What an id looks like: its beginning up to the first digit, and of the rest what signs it has.
_SHAPE = """
case
    when contains({0}, '@') then 'e-mail'
    when regexp_full_match({0}, '0[0-9]+') then 'digits from 0, ' || length({0})
    when regexp_full_match({0}, '[0-9]+') then 'digits'
    when length({0}) >= 16 and regexp_full_match({0}, '[0-9a-f-]+') then 'hex, ' || length({0})
    when length({0}) >= 16 and regexp_full_match({0}, '[0-9A-F-]+') then 'HEX, ' || length({0})
    else left(regexp_extract({0}, '^([^0-9]{{0,8}})[0-9]', 1), 2)
        || left(regexp_replace(regexp_replace(regexp_replace(
            substr({0}, 1 + length(regexp_extract({0}, '^([^0-9]{{0,8}})[0-9]', 1))),
            '[0-9]+', '9', 'g'), '[a-z]+', 'a', 'g'), '[A-Z]+', 'A', 'g'), 20)
end
"""


def _ids(
    con: duckdb.DuckDBPyConnection, table: Table, columns: list[Column]
) -> dict[int, dict[str, Any]]:
    """The shapes of ids, and how long they are."""
    found: dict[int, dict[str, Any]] = {}
    for column in columns:
        if not is_id(column) or column.name == "product_id":
            continue
        name = identifier(column.name)
        for night, shape, count, length in con.execute(
            f"select night, {_SHAPE.format(name)}, count(*), sum(length({name}))"
            f" from night_rows where {name} is not null group by all order by 1, 3 desc, 2"
        ).fetchall():
            told = found.setdefault(night, {"shapes": {}, "letters": {}})
            shapes = told["shapes"].setdefault(column.name, {})
            if len(shapes) < 50:
                shapes[shape] = count
            told["letters"][column.name] = told["letters"].get(column.name, 0) + int(length)
    return found


def _main_days(con: duckdb.DuckDBPyConnection, table: Table) -> dict[int, dict[str, Any]]:
    """The day that most rows of a night are of, and how many are."""
    if table.day is None:
        return {}
    rows = con.execute(
        """
        with counted as (
            select night, day, count(*) as rows from night_rows
            where not is_day and day is not null group by all
        )
        select night, day, rows from counted
        qualify row_number() over (partition by night order by rows desc, day) = 1
        """
    ).fetchall()
    return {night: {"main_day": str(day), "main_rows": count} for night, day, count in rows}


def is_id(column: Column) -> bool:
    """Whether the column is an id: of a row, or of whom it is about."""
    return column.data_type == "string" and (
        column.name.endswith("_id") or column.name == "merged_into"
    )


def _customers(
    con: duckdb.DuckDBPyConnection, table: Table, columns: list[Column]
) -> dict[int, dict[str, Any]]:
    """Rows that name a customer, of the busiest one, and of customers new on that day."""
    names = {column.name for column in columns}
    if "customer_id" not in names or not table.day:
        return {}
    rows = _rows_of(
        con,
        f"""
        with firsts as (
            select customer_id, min({table.day}) as first_day
            from staging.{identifier(table.staged)}
            where customer_id is not null and row_status <> 'quarantined'
            group by customer_id
        ),
        counted as (
            select night, customer_id, count(*) as rows, min(day) as day
            from night_rows where customer_id is not null group by all
        )
        select
            night, sum(rows)::bigint as named, max(rows) as busiest,
            coalesce(sum(rows) filter (where first_day < day), 0)::bigint as known_customers
        from counted left join firsts using (customer_id)
        group by night
        """,
    )
    return {row.pop("night"): row for row in rows}


def _devices(con: duckdb.DuckDBPyConnection, columns: list[Column]) -> dict[int, dict[str, Any]]:
    """Rows that name a device, or a visitor by it, and of the busiest one."""
    if "anonymous_id" not in {column.name for column in columns}:
        return {}
    rows = _rows_of(
        con,
        """
        select night, sum(rows)::bigint as named_devices, max(rows) as busiest_device
        from (
            select night, count(*) as rows from night_rows
            where anonymous_id is not null group by night, anonymous_id
        )
        group by night
        """,
    )
    return {row.pop("night"): row for row in rows}


def _copies(
    con: duckdb.DuckDBPyConnection, table: Table, columns: list[Column]
) -> dict[int, dict[str, Any]]:
    """Rows whose id an earlier delivery had, and rows that are others but for their ids."""
    key = table.key[0]
    if table.day is None or key not in {c.name for c in columns} or not key.endswith("_id"):
        return {}
    if key == "customer_id":
        return {}
    rest = [c.name for c in columns if not is_id(c) and c.name not in ("updated_at", table.time)]
    moment = f"{_MOMENT_OF_DAY}, " if table.time else ""
    same = f"hash({moment}{', '.join(map(identifier, rest)) or '1'})"
    # the same again at another time of another day is no copy where the customer is another
    customer = "customer_id" if "customer_id" in {c.name for c in columns} else "1"
    exactly = f"hash(local_at, {customer}, {', '.join(map(identifier, rest)) or '1'})"
    rows = _rows_of(
        con,
        f"""
        with marked as (
            select
                night, is_day, {identifier(key)} as id, _delivered_at,
                {same} as same, {exactly} as exactly
            from night_rows where {identifier(key)} is not null
        ),
        ids as (
            select id, min(_delivered_at) as first_at, min(night) as first_night
            from marked group by id
        ),
        alike as (select same, min(struct_pack(n := night, i := id)).i as first_id
            from marked group by same),
        equal as (select exactly, min(struct_pack(n := night, i := id)).i as first_id
            from marked group by exactly)
        select
            night,
            count(*) filter (
                where not is_day and (first_at < _delivered_at or first_night < night)
            ) as seen_before,
            count(*) filter (where id <> alike.first_id) as alike,
            count(*) filter (where id <> equal.first_id) as equal
        from marked
        inner join ids using (id)
        inner join alike using (same)
        inner join equal using (exactly)
        group by night
        """,
    )
    return {row.pop("night"): row for row in rows}
