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
    """Too many rows that could not be read, on `ledger.files`: of all, or of a file or a delivery.

    The rows of a new file are few beside those of all others, so each is judged by itself as well.
    """
    return f"""
        with bad as (
            select
                _file, _line, _delivered_at as delivered_at, reason,
                _file || ' line ' || _line || ': ' || reason
                    || coalesce(' (' || {shape("value")} || ')', '') as example
            from ledger.rejects
            where export = {literal(export)}
        ),
        files as (
            select file, delivered_at, rows_rejected as bad_rows, rows_in_file as all_rows
            from {{batch}}
            where export = {literal(export)}
        ),
        {_too_many(share, "max_rejected_share")}
    """


def quarantined(share: float) -> str:
    """Too many rows set aside by a rule, on the export's tagged rows: of all, or of a file.

    Those of customers whom `exclude_customers` lists are set aside by the shop itself.
    """
    return f"""
        with rows_of_files as (
            select
                *,
                row_status = 'quarantined'
                    and quarantine_reason not like '% is an excluded customer' as is_bad
            from {{batch}}
        ),
        bad as (
            select
                _file, _line, cast(null as date) as delivered_at, quarantine_reason as reason,
                _file || ' line ' || _line || ': ' || quarantine_reason as example
            from rows_of_files
            where is_bad
        ),
        files as (
            select
                _file as file, cast(null as date) as delivered_at,
                count(*) filter (where is_bad) as bad_rows, count(*) as all_rows
            from rows_of_files
            group by _file
        ),
        {_too_many(share, "max_quarantined_share")}
    """


def shape(value: str) -> str:
    """The SQL of what a value looks like: its letters as a, its digits as 9. It may be personal."""
    lettered = f"regexp_replace({value}, '[[:alpha:]]|[^[:ascii:]]', 'a', 'g')"
    return f"left(regexp_replace({lettered}, '[0-9]', '9', 'g'), 40)"


#: What to write where rows are refused for a reason that does not say so itself.
_ADVICE = {
    "%is not a timestamp": "say how times are written: `timestamp_format:`",
    "%status is unknown": "say what its states mean: `status_map:`",
    "%has no exchange rate on its day": "give rates: `settings.exchange_rates`",
    "%is after its delivery": "say when the files came: `delivered_at:`",
    "%differs within its order": "is the mapped order id the order's?",
    "%above its order": "is tax in them? `amounts: gross`; else leave the refunds out",
}
#: Bad rows from which a file or a delivery is judged by itself: a tiny one is not red for one row.
MIN_BAD_ROWS = 20


def _too_many(share: float, setting: str) -> str:
    """The rest of a rule over `bad` rows and the `files` they are of."""
    advice = " ".join(
        f"when reason like {literal(pattern)} then {literal(told)}"
        for pattern, told in _ADVICE.items()
    )
    return f"""
        groups as (
            select
                file, delivered_at, sum(bad_rows) as bad_rows, sum(all_rows) as all_rows,
                count(*) as files,
                grouping(file) as over_files, grouping(delivered_at) as over_days
            from files
            group by grouping sets ((), (file), (delivered_at))
        ),
        judged as (
            select * from groups
            where
                bad_rows > {_double(share)} * all_rows
                and (
                    over_files + over_days = 2
                    or bad_rows >= {MIN_BAD_ROWS}
                    and (file is not null or (delivered_at is not null and files > 1))
                )
        ),
        reasons as (
            select
                judged.file, judged.delivered_at, bad.reason, count(*) as of_reason,
                list(bad.example order by bad._file, bad._line)[1:3] as examples
            from judged
            inner join (select * from bad order by _file, _line limit 100000) as bad on
                judged.over_files + judged.over_days = 2
                or bad._file = judged.file
                or bad.delivered_at = judged.delivered_at
            group by judged.file, judged.delivered_at, bad.reason
        ),
        worst as (
            select
                file, delivered_at, reason, examples,
                row_number() over (
                    partition by file, delivered_at order by of_reason desc, reason
                ) as place
            from reasons
        )
        select
            coalesce(judged.file, 'delivery of ' || judged.delivered_at, 'all files') as "of",
            judged.bad_rows || ' of ' || judged.all_rows || ' rows ('
                || round(100.0 * judged.bad_rows / judged.all_rows, 1) || ' %)' as "rows",
            array_to_string(worst.examples, '; ') as examples,
            case {advice.replace("reason", "worst.reason")} end as remedy,
            '`{setting}: ' || ceil(1000.0 * judged.bad_rows / judged.all_rows) / 1000
                || '` under `settings:` lets as many of any export through; or take the file away'
                || ' and run with --prune' as to_let_them_through
        from judged
        left join worst
            on
                judged.file is not distinct from worst.file
                and judged.delivered_at is not distinct from worst.delivered_at
                and worst.place = 1
        order by judged.over_files + judged.over_days desc, "of"
    """


def emptied(export: str, run_id: str) -> str:
    """Values of optional columns that could not be read, in files this run read."""
    return f"""
        select file, "column", reason, rows, first_line
        from {{batch}}
        where export = {literal(export)} and what = 'emptied' and run_id = {literal(run_id)}
        order by rows desc, file, "column"
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
            # what is dated later than it was delivered moves no clock
            f" where {table.time} < _delivered_at + interval 1 day)",
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


def _as_of(newest: Any, variables: Variables) -> str:
    """The as-of date as the models will find it: given, or the newest day of what happened."""
    if given := variables["as_of_date"]:
        return f"date {literal(str(given))}"
    partial = int(variables["last_day_is_partial"] is True)
    return f"greatest({', '.join(newest)}) - {partial}"


def _business_day(moment: str, variables: Variables) -> str:
    zone = literal(variables["business_time_zone"])
    return f"cast(timezone({zone}, timezone('UTC', {moment})) as date)"


def _double(number: float) -> str:
    # a plain 0.01 is a DECIMAL, whose products may overflow
    return f"cast({number} as double)"
