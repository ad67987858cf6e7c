-- A row is a window that has not one row for each number of days it holds.
{{ config(meta={'dagster': {'ref': {'name': 'stickiness'}}}) }}

select
    activity,
    {{ quoted('window') }},
    window_start,
    window_end,
    count(*) as numbers_of_days
from {{ ref('stickiness') }}
group by activity, {{ quoted('window') }}, window_start, window_end
having count(*) <> {{ day_diff('window_start', 'window_end') }} + 1
