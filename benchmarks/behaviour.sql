-- The behaviour marts as one would write them for this one shop, by hand and for DuckDB alone: no
-- segments, no orders, nothing kept from one run to the next. What the models are measured against.
-- Of an event that was delivered twice the newest version counts, as it does for them. Left out is
-- what follows from a row of counts by itself: its rates and their intervals.
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

create table days as
with facts as (
    select customer_id, event_name as activity, occurred_at::date as day from events
    union all
    select any_value(customer_id), 'session', min(occurred_at)::date
    from events
    group by session_id
),

activities as (select distinct customer_id, activity, day from facts)

from activities
union all
select distinct customer_id, 'any', day from activities;

create table bounds as
select min(day) as first_day, max(day) as as_of from days;

create table periods as
with cut as (
    select distinct customer_id, activity, 'day' as period, day - date '1970-01-01' as n from days
    union all
    select distinct customer_id, activity, 'week', (day - date '1970-01-05') // 7 from days
    union all
    select distinct customer_id, activity, 'month', year(day) * 12 + month(day) - 1 from days
)

select
    *,
    lag(n) over neighbours as before,
    lead(n) over neighbours as after,
    min(n) over (partition by customer_id, activity, period) as first
from cut
window neighbours as (partition by customer_id, activity, period order by n);

create table calendar as
with days_of as (
    select unnest(generate_series(first_day, as_of, interval 1 day))::date as day from bounds
),

starts as (
    select distinct 'day' as period, day - date '1970-01-01' as n, day as start, day as last
    from days_of
    union all
    select distinct
        'week', (day - date '1970-01-05') // 7, date_trunc('week', day)::date,
        date_trunc('week', day)::date + 6
    from days_of
    union all
    select distinct
        'month', year(day) * 12 + month(day) - 1, date_trunc('month', day)::date, last_day(day)
    from days_of
)

select starts.*, last <= as_of as is_complete, case period when 'day' then 30 when 'week' then 52 else 36 end as limit_
from starts, bounds;

create table cohort_retention as
with cells as (
    select activity, period, first, least(n - first, limit_ + 1) as k, count(*) as returned
    from periods join (select distinct period, limit_ from calendar) using (period)
    where activity in ('any', 'session')
    group by all
),

lasts as (
    select activity, period, first, least(n - first, limit_ + 1) as k, count(*) as last_returned
    from periods join (select distinct period, limit_ from calendar) using (period)
    where activity in ('any', 'session') and after is null
    group by all
),

spine as (
    select sizes.*, calendar.n - first as k, is_complete
    from (select activity, period, first, returned as cohort_size from cells where k = 0) as sizes
    join calendar using (period)
    where calendar.n - first between 0 and limit_
),

counted as (
    select
        spine.*,
        coalesce(returned, 0) as retained,
        cohort_size - coalesce(sum(last_returned) over (
            partition by activity, period, first
            order by k rows between unbounded preceding and 1 preceding
        ), 0) as retained_on_or_after
    from spine
    left join cells using (activity, period, first, k)
    left join lasts using (activity, period, first, k)
)

select
    activity || '_to_' || activity as study, counted.period, start as cohort_start,
    k as period_number, cohort_size, retained as retained_customers, retained_on_or_after,
    counted.is_complete
from counted join calendar on calendar.period = counted.period and calendar.n = counted.first;

create table retention_curve as
select
    study, period, period_number, sum(cohort_size) as eligible_customers,
    sum(retained_customers) as retained_customers,
    sum(retained_on_or_after) as retained_on_or_after
from cohort_retention where is_complete
group by all;

create table lifecycle as
with moves as (
    select
        activity, period, n, count(*) as active, count(*) filter (n = first) as new,
        count(*) filter (before = n - 1) as stayed, 0 as dormant
    from periods group by all
    union all
    select activity, period, n + 1, 0, 0, 0, count(*)
    from periods where after is distinct from n + 1
    group by all
),

summed as (
    select
        activity, period, n, sum(active) as active, sum(new) as new, sum(stayed) as stayed,
        sum(dormant) as dormant
    from moves group by all
)

select
    activity, period, start as period_start, coalesce(active, 0) as active_customers,
    coalesce(new, 0) as new_customers, coalesce(stayed, 0) as returning_customers,
    coalesce(active - new - stayed, 0) as resurrected_customers,
    coalesce(dormant, 0) as dormant_customers
from (select distinct activity from days) cross join calendar left join summed using (activity, period, n);

create table active_customers as
with gaps as (
    select
        activity, date '1970-01-01' + n::int as day, n - before as before, after - n as after
    from periods where period = 'day'
),

changes as (
    select
        activity, day, count(*) as dau,
        count(*) filter (coalesce(before, 999) > 7) as c7,
        count(*) filter (coalesce(before, 999) > 28) as c28,
        count(*) filter (coalesce(before, 999) > 30) as c30
    from gaps group by all
    union all
    select activity, day + 7, 0, -count(*), 0, 0 from gaps where coalesce(after, 999) > 7 group by all
    union all
    select activity, day + 28, 0, 0, -count(*), 0 from gaps where coalesce(after, 999) > 28 group by all
    union all
    select activity, day + 30, 0, 0, 0, -count(*) from gaps where coalesce(after, 999) > 30 group by all
),

daily as (
    select
        activity, day as start, sum(dau) as dau, sum(c7) as c7, sum(c28) as c28, sum(c30) as c30
    from changes group by all
)

select
    activity, start as activity_date, coalesce(dau, 0) as dau,
    coalesce(sum(c7) over running, 0) as wau, coalesce(sum(c30) over running, 0) as mau,
    coalesce(sum(c28) over running, 0) as mau_28
from (select distinct activity from days)
cross join (from calendar where period = 'day')
left join daily using (activity, start)
window running as (partition by activity order by start rows unbounded preceding);

create table stickiness as
with spread as (
    select *, 'calendar week' as "window", date_trunc('week', day)::date as start from days
    union all
    select *, 'calendar month', date_trunc('month', day)::date from days
    union all
    select days.*, 'trailing_7', as_of - 6 from days, bounds where day > as_of - 7
    union all
    select days.*, 'trailing_30', as_of - 29 from days, bounds where day > as_of - 30
),

counted as (
    select activity, "window", start, count(*) as n
    from spread group by customer_id, activity, "window", start
),

windows as (
    select 'calendar ' || period as "window", start, last - start + 1 as length
    from calendar where period in ('week', 'month')
    union all
    select 'trailing_7', as_of - 6, 7 from bounds
    union all
    select 'trailing_30', as_of - 29, 30 from bounds
),

histogram as (
    select activity, "window", start, n, count(*) as customers from counted group by all
)

select
    activity, "window", start as window_start, n as days_active,
    coalesce(customers, 0) as customers,
    coalesce(sum(customers) over (
        partition by activity, "window", start order by n desc rows unbounded preceding
    ), 0) as customers_at_least
from (
    select activity, windows.*, unnest(generate_series(1, length)) as n
    from (select distinct activity from days), windows
) left join histogram using (activity, "window", start, n);

create table monthly_churn as
with gaps as (
    select
        date '1970-01-01' + n::int as day, n - before as before, after - n as after
    from periods where period = 'day' and activity = 'any'
),

movements as (
    select date_trunc('month', day)::date as month, count(*) filter (before is null) as new,
        count(*) filter (before > 90) as reactivated, 0 as churned
    from gaps group by all
    union all
    select date_trunc('month', day + 90)::date, 0, 0, count(*)
    from gaps, bounds where coalesce(after, 999) > 90 and day + 90 <= as_of group by all
),

months as (
    select start as month, coalesce(sum(new), 0) as new, coalesce(sum(reactivated), 0) as reactivated,
        coalesce(sum(churned), 0) as churned
    from (from calendar where period = 'month') left join movements on month = start
    group by all
)

select
    month, new as new_customers, reactivated as reactivated_customers,
    churned as churned_customers,
    sum(new + reactivated - churned) over (order by month) as closing_customers
from months;

create table spans as
select
    least(max(day) + 90, as_of) - min(day) as length, max(day) + 90 <= as_of as has_ended
from days, bounds where activity = 'any' group by customer_id, as_of;

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
