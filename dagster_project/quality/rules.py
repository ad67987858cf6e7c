"""The rules on a whole export, as SQL: each finds the rows to report, and none where all is well.

Rules run inside DuckDB on the build file; `{batch}` is the table that a suite is about. A rule
never reads the wall clock: "now" is the as-of date. What a rule selects is shown to people, so it
selects no personal data.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from ..exports.contract import load_contract
from ..exports.sql import literal

Variables = Mapping[str, Any]


_CONTRACT = load_contract()
#: The exports that follow a shop's daily rhythm: those with a `volume` in the contract.
DAILY = {name: table for name, table in _CONTRACT.tables.items() if table.volume}

_FILE_COLUMNS = """
create table if not exists ledger.file_columns (
    export varchar, file varchar, delivered_at date, columns varchar, loaded_at timestamp,
    run_id varchar
);
insert into ledger.file_columns
select export, file, delivered_at, columns, loaded_at, $run_id
from ledger.files
anti join ledger.file_columns using (export, file, loaded_at);
"""


def note_columns(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Remember the columns of every file this run read.

    `ledger.files` knows a file as it is now. A file that is overwritten every night can only be
    compared with what it was if that is kept elsewhere.
    """
    con.execute(_FILE_COLUMNS, {"run_id": run_id})


def drift(export: str, run_id: str) -> str:
    """Columns new, missing or retyped in the files this run read, on `ledger.file_columns`.

    A file is compared with the one delivered before it whose name differs in digits only, else
    with the last one delivered before it. CSV is all text, so only other formats can retype.
    """
    return f"""
        with noted as (
            select
                file, run_id, delivered_at, loaded_at,
                regexp_replace(file, '[0-9]+', '#', 'g') as series,
                cast(cast(columns as json) as map(varchar, varchar)) as found
            from {{batch}}
            where export = {literal(export)}
        ),
        pairs as (
            select
                file, run_id, found,
                coalesce(lag(found) over in_series, lag(found) over in_export) as earlier,
                coalesce(lag(file) over in_series, lag(file) over in_export) as compared_with
            from noted
            window
                in_series as (partition by series order by delivered_at, loaded_at, file),
                in_export as (order by delivered_at, loaded_at, file)
        ),
        names as (
            select
                file, compared_with, found, earlier,
                unnest(list_distinct(map_keys(found) || map_keys(earlier))) as name
            from pairs
            where run_id = {literal(run_id)} and earlier is not null
        ),
        drifts as (
            select
                file,
                case
                    when not map_contains(earlier, name) then 'new column ' || name
                    when not map_contains(found, name) then 'missing column ' || name
                    when found[name] <> earlier[name]
                        then 'column ' || name || ' now ' || found[name]
                            || ', was ' || earlier[name]
                end as found,
                compared_with
            from names
        )
        select * from drifts where found is not null order by all
    """


def rejected(export: str, share: float) -> str:
    """Too many rows that could not be read, on `ledger.files`."""
    return f"""
        select sum(rows_rejected) as rejected, sum(rows_in_file) as rows_in_files
        from {{batch}}
        where export = {literal(export)}
        having sum(rows_rejected) > {_double(share)} * sum(rows_in_file)
    """


def quarantined(share: float) -> str:
    """Too many rows set aside by a rule, on the export's tagged rows.

    Those of customers whom `exclude_customers` lists are set aside by the shop itself.
    """
    return f"""
        with counts as (
            select
                count(*) filter (
                    where row_status = 'quarantined'
                    and quarantine_reason not like '% is an excluded customer'
                ) as quarantined,
                count(*) as loaded
            from {{batch}}
        )
        select * from counts where quarantined > {_double(share)} * loaded
    """


def unknown_customers(share: float) -> str:
    """Too many orders by customers the customer export does not hold, on `staging.stg_orders`."""
    return f"""
        with counts as (
            select
                count(*) filter (where customers.customer_id is null) as unknown,
                count(*) as orders_with_customer
            from {{batch}} as orders
            left join staging.stg_customers as customers
                on orders.customer_id = customers.customer_id
            where orders.customer_id is not null
        )
        select * from counts where unknown > {_double(share)} * orders_with_customer
    """


def stale(export: str, variables: Variables) -> str:
    """The newest row is old, seen from the as-of date; on the raw table, before any staging."""
    newest = {
        name: _business_day(
            f"(select max({table.time}) from {'{batch}' if name == export else f'raw.{name}'}"
            # rows from after their delivery are quarantined later on
            f" where {table.time} < _delivered_at + interval 2 day)",
            variables,
        )
        for name, table in DAILY.items()
    }
    return f"""
        with days as (
            select {newest[export]} as newest_day, {_as_of(newest.values(), variables)} as as_of
        )
        select * from days where newest_day < as_of - {int(variables["max_days_without_rows"])}
    """


def unusual_volume(export: str, variables: Variables, factor: float, *, closed_days: bool) -> str:
    """The newest complete day against the median of the same weekday in the weeks before it.

    A day is complete if a file was delivered after it. Quiet where fewer than half of the weeks
    are within the export's history, or where the median is below `volume_min_rows`.

    Args:
        export: One of DAILY; the rule is on its tagged rows.
        variables: dbt's vars.
        factor: How many times more or fewer than the median is unusual.
        closed_days: Whether a day without any row is unusual. Holidays have none.
    """
    day, counted = DAILY[export].day, DAILY[export].volume
    weeks = int(variables["volume_weeks"])
    newest = [
        f"(select max({table.day}) from staging.{table.staged} where row_status = 'used')"
        for name, table in DAILY.items()
    ]
    few = "" if closed_days else f"{export} > 0 and"
    return f"""
        with judged as (
            select least(
                {_as_of(newest, variables)},
                (select max(delivered_at) from ledger.files where export = {literal(export)}) - 1
            ) as day
        ),
        weekdays as (
            select judged.day - cast(7 * week as int) as day, week
            from judged
            cross join range(0, {weeks + 1}) as weeks (week)
        ),
        counts as (
            select {day} as day, {counted} as counted
            from {{batch}}
            where row_status = 'used' and {day} in (select day from weekdays)
            group by {day}
        ),
        filled as (
            select weekdays.day, weekdays.week, coalesce(counts.counted, 0) as counted
            from weekdays
            left join counts on weekdays.day = counts.day
            where weekdays.day >= (select min({day}) from {{batch}} where row_status = 'used')
        ),
        compared as (
            select
                max(day) filter (where week = 0) as day,
                max(counted) filter (where week = 0) as {export},
                median(counted) filter (where week > 0) as usual,
                count(*) filter (where week > 0) as weeks
            from filled
        )
        select day, {export}, usual
        from compared
        where 2 * weeks >= {weeks} and usual >= {int(variables["volume_min_rows"])}
            and (
                ({few} {export} * {_double(factor)} < usual)
                or {export} > usual * {_double(factor)}
            )
    """


def _as_of(newest: Any, variables: Variables) -> str:
    """The as-of date as the models will find it: given, or the newest day of what happened."""
    if given := variables["as_of_date"]:
        return f"date {literal(str(given))}"
    partial = int(bool(variables["last_day_is_partial"]))
    return f"greatest({', '.join(newest)}) - {partial}"


def _business_day(moment: str, variables: Variables) -> str:
    zone = literal(variables["business_time_zone"])
    return f"cast(timezone({zone}, timezone('UTC', {moment})) as date)"


def _double(number: float) -> str:
    # a plain 0.01 is a DECIMAL, whose products may overflow
    return f"cast({number} as double)"
