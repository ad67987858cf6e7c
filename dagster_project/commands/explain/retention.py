"""A cell of cohort_retention: who started in a period, and who of them came back how much later."""

import re
from dataclasses import dataclass

import duckdb

from ...exports.errors import ExportError
from ...warehouse.files import Warehouse
from .sources import MASK, Explained, Figure, day, drift, one_of, rows_and_figures, within

#: Who belongs to the cohort, told anew by the days on which customers did what the study starts
#: with: in `cohort_entries` the marts have them by periods.
_MEMBERS = """
    select days.customer_id, min(days.activity_date) as started_on
    from core.customer_activity_days as days
    semi join core.customer_segments as segments
        on days.customer_id = segments.customer_id
        and segments.segment_name = $segment_name and segments.segment_value = $segment_value
    where days.activity = $start_activity
        and ($entry = 'first' or days.activity_date between $cohort_start and $cohort_end)
    group by days.customer_id
    having min(days.activity_date) between $cohort_start and $cohort_end
"""
_CALENDAR = f"""
with members as ({_MEMBERS}),
in_period as (
    select
        members.customer_id,
        members.started_on,
        count(days.activity_date) filter (days.activity = $return_activity) as days_active,
        min(days.activity_date) filter (days.activity = $return_activity) as first_day,
        max(days.activity_date) filter (days.activity = $return_activity) as last_day,
        coalesce(sum(days.occurrences) filter (days.activity = $return_activity), 0)::bigint
            as times,
        coalesce(sum(days.revenue) filter (days.activity = 'order'), 0)::decimal(18, 4) as revenue
    from members
    left join core.customer_activity_days as days
        on members.customer_id = days.customer_id
        and days.activity_date between $bucket_start and $bucket_end
    group by all
)
select
    {MASK.format("customer_id")} as customer, started_on,
    $period_number = 0 or times >= $min_occurrences as counts,
    days_active, first_day, last_day, times, revenue
from in_period
order by counts desc, started_on, customer
"""
_ELAPSED = f"""
with members as ({_MEMBERS})
select
    {MASK.format("members.customer_id")} as customer, members.started_on,
    $period_number = 0 or coalesce(spans.returns, 0) = 1 as counts,
    coalesce(spans.revenue, 0)::decimal(18, 4) as revenue
from members
inner join core.customer_keys as customers on members.customer_id = customers.customer_id
left join intermediate.elapsed_offsets as spans
    on customers.customer_key = spans.customer_key
    and spans.study = $study and spans.period = $period
    and spans.cohort_index = $cohort_index and spans.period_number = $period_number
order by counts desc, started_on, customer
"""


@dataclass(frozen=True)
class _Segment:
    name: str
    value: str

    @classmethod
    def read(cls, text: str) -> "_Segment":
        name, _, value = text.partition("=")
        return cls(name.strip(), value.strip() or name.strip())


def explain_cell(
    warehouse: Warehouse, study: str, cohort: str, period_number: int, period: str, segment: str
) -> Explained:
    """The customers of a cohort in a study, and which of them a cell counts.

    Raises ExportError where there is no such cell, with what there is.
    """
    start, part = day(cohort, "the cohort"), _Segment.read(segment)
    with rows_and_figures(warehouse) as con:
        one_of(con, "study", study, "select distinct study from published.cohort_retention")
        one_of(
            con,
            "segment",
            f"{part.name}={part.value}",
            "select distinct segment_name || '=' || segment_value from published.cohort_retention"
            " where study = ?",
            study,
        )
        cell = _cell(con, study, start, period_number, period, part)
        given = {
            "study": study,
            "period": period,
            "period_number": period_number,
            "segment_name": part.name,
            "segment_value": part.value,
        } | _meaning(con, study, period, cell["cohort_start"], period_number)
        bucket = given.pop("bucket")
        query = _CALENDAR if bucket == "calendar" else _ELAPSED
        used = {name: given[name] for name in re.findall(r"[$](\w+)", query)}
        rows = con.execute(query, used).fetchall()
        columns = tuple(column[0] for column in con.description or ())
        drifted = drift(con)
    counts, money = columns.index("counts"), columns.index("revenue")
    figures = [
        Figure("cohort_size", len(rows), cell["cohort_size"]),
        Figure("retained_customers", sum(row[counts] for row in rows), cell["retained_customers"]),
        Figure("revenue", sum(row[money] for row in rows), cell["revenue"]),
    ]
    what = (
        f"cohort_retention, {study}, {part.name}={part.value}: {period} {period_number} after the"
        f" {period} of {cell['cohort_start']}"
    )
    if bucket == "calendar":
        what += f", which is {given['bucket_start']} to {given['bucket_end']}"
    notes = ["in period 0 everybody of the cohort counts"] if period_number == 0 else []
    if cell["incomplete_reason"]:
        notes.append(f"not complete: {cell['incomplete_reason']}")
    if cell["retention_rate"] is not None:
        notes.append(f"published retention_rate: {cell['retention_rate']:.4f}")
    return Explained(what, columns, rows, figures, notes, drifted)


def _cell(
    con: duckdb.DuckDBPyConnection,
    study: str,
    start: object,
    period_number: int,
    period: str,
    part: _Segment,
) -> dict:
    """The published row. Raises ExportError where there is none."""
    found = con.execute(
        "select cells.* from published.cohort_retention as cells inner join core.calendar_periods"
        " as periods on cells.period = periods.period and cells.cohort_start = periods.period_start"
        " where cells.study = ? and cells.period = ? and segment_name = ? and segment_value = ?"
        " and ? between periods.period_start and periods.period_end and period_number = ?",
        [study, period, part.name, part.value, start, period_number],
    )
    names = [column[0] for column in found.description or ()]
    for row in found.fetchall():
        return dict(zip(names, row, strict=True))
    of_study = f"study = '{study.replace(chr(39), chr(39) * 2)}' and period = '{period}'"
    cohorts = within(
        con, f"{period} {period_number} after {start}", "cohort_retention", "cohort_start", of_study
    )
    ((last,),) = con.execute(
        f"select max(period_number) from published.cohort_retention where {of_study}"
    ).fetchall()
    raise ExportError(f"{cohorts}, and periods up to {last} after the first of them")


def _meaning(
    con: duckdb.DuckDBPyConnection, study: str, period: str, cohort_start: object, number: int
) -> dict:
    """What a study asks for, and the days that a cohort and a period of it are."""
    found = con.execute(
        "select studies.bucket, studies.start_activity, studies.return_activity, studies.entry,"
        " studies.min_occurrences, buckets.cohort_index, buckets.cohort_start, buckets.cohort_end,"
        " buckets.bucket_start, buckets.bucket_end"
        " from intermediate.study_variants as studies inner join intermediate.retention_buckets as"
        " buckets on studies.bucket = buckets.bucket where studies.study = ? and buckets.period = ?"
        " and buckets.cohort_start = ? and buckets.period_number = ?",
        [study, period, cohort_start, number],
    )
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if not rows:
        raise ExportError(
            f"explain: the build file knows no such cell; {drift(con) or 'run again'}"
        )
    return dict(zip(names, rows[0], strict=True))
