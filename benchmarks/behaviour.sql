-- The behaviour marts as one would write them for this one shop, by hand and for DuckDB alone: no
-- segments, no orders, nothing kept from one run to the next. What the models are measured against.
-- Of an event that was delivered twice the newest version counts, as it does for them. Left out is
-- what follows from a row of counts by itself: its rates and their intervals.
-- Customers and activities are integers, and together one bigint, a `series` of days. Days are
-- looked at in order once: a week or a month begins on a day before which there was none in it.
-- Reads raw.events of the database `shop`, writes into the current one.

create table repeated as
select hash(event_id) as id_hash from shop.raw.events group by id_hash having count(*) > 1;

create view events as
select customer_id, session_id, event_name, occurred_at from shop.raw.events
where hash(event_id) not in (from repeated)
union all
select customer_id, session_id, event_name, occurred_at from shop.raw.events
where hash(event_id) in (from repeated)
qualify row_number() over (
    partition by event_id order by updated_at desc nulls last, _delivered_at desc, _content
) = 1;

create table customers as
select customer_id, row_number() over () as customer
from (select distinct customer_id from shop.raw.events);

create table activities as
select
    activity,
    row_number() over (order by activity not in ('any', 'session'), activity) - 1 as number
from (
    select distinct event_name as activity from shop.raw.events
    union all select unnest(['any', 'session'])
);

create table keyed as
select
    number << 32 | customer as series, customer, session_id,
    (occurred_at::date - date '1970-01-01')::int as day
from events join customers using (customer_id) join activities on activity = event_name;

create table days as
with activity_days as (
    select distinct series, day from (
        select series, day from keyed
        union all
        select 1::bigint << 32 | any_value(customer), min(day) from keyed group by session_id
    )
)

from activity_days
union all
select distinct series & (1::bigint << 32) - 1, day from activity_days;

create table neighbours as
select
    series >> 32 as number, series & (1::bigint << 32) - 1 as customer, day,
    lag(day) over w as before,
    lead(day) over w as after,
    first_value(day) over w as first
from days
window w as (partition by series order by day);

create table bounds as
select min(day) as first_day, max(day) as as_of from neighbours;

create macro week_of(n) as (n - 4) // 7;
create macro month_of(n) as year(date '1970-01-01' + n) * 12 + month(date '1970-01-01' + n) - 1;

create view periods as
select number, 'day' as period, day as n, before, after, first from neighbours
union all
select number, 'week', week_of(day), week_of(before), week_of(after), week_of(first)
from neighbours
union all
select number, 'month', month_of(day), month_of(before), month_of(after), month_of(first)
from neighbours;

create table calendar as
with days_of as (
    select n::int as n, date '1970-01-01' + n::int as day from (
        select unnest(generate_series(first_day, as_of)) as n from bounds
    )
),

starts as (
    select 'day' as period, n, day as start, day as last, 30 as limit_ from days_of
    union all
    select distinct
        'week', week_of(n), date_trunc('week', day)::date, date_trunc('week', day)::date + 6, 52
    from days_of
    union all
    select distinct 'month', month_of(n), date_trunc('month', day)::date, last_day(day), 36
    from days_of
)

select starts.*, last - date '1970-01-01' <= as_of as is_complete from starts, bounds;

create table cohort_retention as
with cells as (
    select
        number, period, first, least(n - first, limit_ + 1) as k,
        count(*) filter (n is distinct from before) as returned,
        count(*) filter (after is null) as last_returned
    from periods join (select distinct period, limit_ from calendar) using (period)
    where number <= 1
    group by all
),

spine as (
    select sizes.*, calendar.n - first as k, is_complete
    from (select number, period, first, returned as cohort_size from cells where k = 0) as sizes
    join calendar using (period)
    where calendar.n - first between 0 and limit_
),

counted as (
    select
        spine.*,
        coalesce(returned, 0) as retained,
        cohort_size - coalesce(sum(last_returned) over (
            partition by number, period, first
            order by k rows between unbounded preceding and 1 preceding
        ), 0) as retained_on_or_after
    from spine left join cells using (number, period, first, k)
)

select
    activity || '_to_' || activity as study, counted.period, start as cohort_start,
    k as period_number, cohort_size, retained as retained_customers, retained_on_or_after,
    counted.is_complete
from counted
join activities using (number)
join calendar on calendar.period = counted.period and calendar.n = counted.first;

create table retention_curve as
select
    study, period, period_number, sum(cohort_size) as eligible_customers,
    sum(retained_customers) as retained_customers,
    sum(retained_on_or_after) as retained_on_or_after
from cohort_retention where is_complete
group by all;

create table lifecycle as
with counts as (
    select
        number, period, n,
        count(*) filter (n is distinct from before) as active,
        count(*) filter (before is null) as new,
        count(*) filter (before = n - 1) as stayed,
        count(*) filter (after is null or after > n + 1) as leaving
    from periods group by all
)

select
    activity, period, start as period_start, coalesce(active, 0) as active_customers,
    coalesce(new, 0) as new_customers, coalesce(stayed, 0) as returning_customers,
    coalesce(active - new - stayed, 0) as resurrected_customers,
    coalesce(dormant, 0) as dormant_customers
from activities cross join calendar
left join counts using (number, period, n)
left join (select number, period, n + 1 as n, leaving as dormant from counts)
    using (number, period, n);

create table active_customers as
with days_of as (
    select
        number, day, count(*) as dau,
        count(*) filter (before is null or day - before > 7) as opened_7,
        count(*) filter (before is null or day - before > 28) as opened_28,
        count(*) filter (before is null or day - before > 30) as opened_30,
        count(*) filter (after is null or after - day > 7) as closed_7,
        count(*) filter (after is null or after - day > 28) as closed_28,
        count(*) filter (after is null or after - day > 30) as closed_30
    from neighbours group by all
),

changes as (
    select number, day as n, dau, opened_7 as c7, opened_28 as c28, opened_30 as c30 from days_of
    union all
    select number, day + 7, 0, -closed_7, 0, 0 from days_of
    union all
    select number, day + 28, 0, 0, -closed_28, 0 from days_of
    union all
    select number, day + 30, 0, 0, 0, -closed_30 from days_of
),

daily as (
    select number, n, sum(dau) as dau, sum(c7) as c7, sum(c28) as c28, sum(c30) as c30
    from changes group by all
)

select
    activity, start as activity_date, coalesce(dau, 0) as dau,
    coalesce(sum(c7) over running, 0) as wau, coalesce(sum(c30) over running, 0) as mau,
    coalesce(sum(c28) over running, 0) as mau_28
from activities
cross join (from calendar where period = 'day')
left join daily using (number, n)
window running as (partition by number order by n rows unbounded preceding);

create table stickiness as
with windows as (
    select 'calendar ' || period as "window", n, start, last - start + 1 as length
    from calendar where period in ('week', 'month')
    union all
    select 'trailing_' || n, 0, date '1970-01-01' + as_of + 1 - n, n
    from bounds, (select unnest([7, 30]) as n)
),

counted as (
    select series, 'calendar week' as "window", week_of(day) as n, count(*) as k
    from days group by all
    union all
    select series, 'calendar month', month_of(day), count(*) from days group by all
    union all
    select series, 'trailing_7', 0, count(*) from days, bounds where day > as_of - 7 group by all
    union all
    select series, 'trailing_30', 0, count(*) from days, bounds where day > as_of - 30 group by all
),

histogram as (
    select series >> 32 as number, "window", n, k, count(*) as customers from counted group by all
)

select
    activity, "window", start as window_start, k as days_active,
    coalesce(customers, 0) as customers,
    coalesce(sum(customers) over (
        partition by activity, "window", start order by k desc rows unbounded preceding
    ), 0) as customers_at_least
from (
    select activities.*, windows.*, unnest(generate_series(1, length)) as k
    from activities, windows
) left join histogram using (number, "window", n, k);

create table monthly_churn as
with movements as (
    select
        month_of(day) as n, count(*) filter (before is null) as new,
        count(*) filter (day - before > 90) as reactivated, 0 as churned
    from neighbours where number = 0 group by all
    union all
    select month_of(day + 90), 0, 0, count(*)
    from neighbours, bounds
    where number = 0 and (after is null or after - day > 90) and day + 90 <= as_of group by all
),

months as (
    select
        start as month, coalesce(sum(new), 0) as new,
        coalesce(sum(reactivated), 0) as reactivated, coalesce(sum(churned), 0) as churned
    from (from calendar where period = 'month') left join movements using (n)
    group by all
)

select
    month, new as new_customers, reactivated as reactivated_customers,
    churned as churned_customers,
    sum(new + reactivated - churned) over (order by month) as closing_customers
from months;

-- a life ends with its first silence
create table spans as
select
    coalesce(min(day) filter (has_ended) + 90, any_value(as_of)) - first as length,
    bool_or(has_ended) as has_ended
from (
    select *, (after is null or after - day > 90) and day + 90 <= as_of as has_ended
    from (from neighbours where number = 0), bounds
)
group by customer, first;

create table lifespan_survival as
with durations as (
    select length as days, count(*) as leaving, count(*) filter (has_ended) as ended
    from spans group by all
),

risk as (
    select
        days, coalesce(ended, 0) as ended,
        sum(coalesce(leaving, 0)) over (order by days desc rows unbounded preceding) as at_risk
    from (select unnest(range(0, (select max(days) + 1 from durations))) as days)
    left join durations using (days)
)

select
    days, at_risk, ended,
    product(1 - ended / at_risk) over (order by days rows unbounded preceding) as survival
from risk;

create table lifespan_summary as
select
    customers, ended_customers, min(days) filter (survival <= 0.5 + 1e-9) as median_days
from lifespan_survival, (
    select count(*) as customers, count(*) filter (has_ended) as ended_customers from spans
)
group by all;
