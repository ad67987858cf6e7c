{#- The days before and after are found here, once for all who need the length of a silence; a week
    or a month begins on a day before which there was none in it. -#}
with days as (
    select
        customer_key,
        activity_key,
        {{ series_key() }} as series_key,
        {{ day_number('activity_date') }} as day_index
    from {{ ref('activity_days') }}
),

activity_gaps as (
    select
        customer_key,
        activity_key,
        day_index,
        {{ neighbouring_days('series_key') }}
    from days
)

select * from activity_gaps
