{%- set periods = ['day', 'week', 'month'] -%}
with days as (
    select
        customer_key, activity_key, {{ day_number('activity_date') }} as day_index,
        occurrences, revenue
    from {{ ref('activity_days') }}
    union all
    select customer_key, activity_key, day_index, occurrences, revenue
    from {{ ref('recalled_days') }}
),

-- a day on which something was only taken back is no return: of activities with such days, as where
-- once is not enough, the occurrences of a period have to be added up
taken_back as (
    select distinct activity_key from days
    where occurrences < 1
),

studies as (
    select
        *,
        min_occurrences > 1
        or return_key in (select taken_back.activity_key from taken_back) as adds_up
    from {{ ref('study_variants') }}
    where bucket = 'calendar'
),

gaps as (
    select * from {{ ref('viewed_gaps') }}
),

entries as (
    select
        studies.study_key,
        gaps.customer_key,
        {%- for period in periods %}
        {{ begins(period, 'gaps') }} as enters_{{ period }},
        {%- endfor %}
        gaps.day_index as entry_index
    from gaps
    inner join studies on gaps.activity_key = studies.start_key
    where studies.entry = 'recurring' or gaps.previous_index is null
),

-- a customer comes back in a period on the first day of those in it, and for the last time in that
-- of the last day of all
returns as (
    select
        studies.study_key, gaps.customer_key, gaps.day_index,
        {%- for period in periods %}
        {{ begins(period, 'gaps') }} as returns_{{ period }},
        gaps.next_index is null as is_last_{{ period }},
        {%- endfor %}
        0 as revenue
    from gaps
    inner join studies on gaps.activity_key = studies.return_key
    where not studies.adds_up
),

-- a period with enough of them counts on its first day
added_up as (
    select
        studies.study_key, days.customer_key, days.day_index,
        {%- for period in periods %}
        sum(days.occurrences) over {{ each_period(period) }} >= studies.min_occurrences
            as is_enough_of_{{ period }},
        min(days.day_index) over {{ each_period(period) }} as {{ period }}_start,
        {%- endfor %}
        studies.min_occurrences
    from days
    inner join studies on days.activity_key = studies.return_key
    where studies.adds_up
),

-- where once is enough, nobody came back for the last time before the last period of all
enough as (
    select
        study_key, customer_key, day_index,
        {%- for period in periods %}
        day_index = {{ period }}_start and is_enough_of_{{ period }} as returns_{{ period }},
        max(
            case when min_occurrences = 1 or is_enough_of_{{ period }} then {{ period }}_start end
        ) over (partition by study_key, customer_key) as last_{{ period }}_start,
        {%- endfor %}
        0 as revenue
    from added_up
),

-- came back, came back for the last time, spent: one join with these facts counts all three
facts as (
    select * from returns
    union all
    select
        study_key, customer_key, day_index,
        {%- for period in periods %}
        returns_{{ period }},
        returns_{{ period }} and day_index = last_{{ period }}_start as is_last_{{ period }},
        {%- endfor %}
        revenue
    from enough
    union all
    select
        studies.study_key, days.customer_key, days.day_index,
        {%- for period in periods %}
        false as returns_{{ period }},
        false as is_last_{{ period }},
        {%- endfor %}
        days.revenue
    from days
    inner join studies on days.activity_key = studies.revenue_key
    where days.revenue <> 0
),

-- entries times all that followed, and what came before in the same period
offsets as (
    select
        facts.*,
        {%- for period in periods %}
        entries.enters_{{ period }},
        {%- endfor %}
        entries.entry_index
    from entries
    inner join facts
        on
            entries.study_key = facts.study_key
            and entries.customer_key = facts.customer_key
            and entries.entry_index <= facts.day_index + 31
),

of_segments as (
    select *, 'all' as segment_name, 'all' as segment_value from offsets
    union all
    select offsets.*, segments.segment_name, segments.segment_value
    from offsets
    inner join {{ ref('customer_segments') }} as segments
        on offsets.customer_key = segments.customer_key
    where segments.segment_name <> 'all'
),

cut as (
    {%- for period in periods %}
    {{ 'union all' if not loop.first }}
    select
        study_key, '{{ period }}' as period, segment_name, segment_value,
        {{ period_of(period, 'entry_index') }} as cohort_index,
        {{ period_of(period, 'day_index') }} - {{ period_of(period, 'entry_index') }}
            as period_number,
        returns_{{ period }} as returns, is_last_{{ period }} as last_returns, revenue
    from of_segments
    where
        enters_{{ period }} and (returns_{{ period }} or is_last_{{ period }} or revenue <> 0)
        and {{ period_of(period, 'entry_index') }} <= {{ period_of(period, 'day_index') }}
    {%- endfor %}
    union all
    select
        studies.study_key, offsets.period, segments.segment_name, segments.segment_value,
        offsets.cohort_index, offsets.period_number,
        offsets.returns = 1 as returns, offsets.last_returns = 1 as last_returns, offsets.revenue
    from {{ ref('elapsed_offsets') }} as offsets
    inner join {{ ref('study_variants') }} as studies on offsets.study = studies.study
    inner join {{ ref('customer_segments') }} as segments
        on offsets.customer_key = segments.customer_key
),

limited as (
    select *, {{ retention_limit('period') }} as last_period_number
    from cut
),

-- whoever came back for the last time beyond the last offset shown did so after all of them
counted as (
    select
        study_key,
        period,
        segment_name,
        segment_value,
        cohort_index,
        least(period_number, last_period_number) as period_number,
        count(*) filter (where returns and period_number <= last_period_number)
            as returned_customers,
        count(*) filter (where last_returns) as last_returned_customers,
        sum(case when period_number <= last_period_number then revenue else 0 end) as revenue
    from limited
    group by
        study_key, period, segment_name, segment_value, cohort_index,
        least(period_number, last_period_number)
),

counts as (
    select
        studies.study, counted.period, counted.segment_name, counted.segment_value,
        counted.cohort_index, counted.period_number,
        counted.returned_customers, counted.last_returned_customers, counted.revenue
    from counted
    inner join {{ ref('study_variants') }} as studies on counted.study_key = studies.study_key
)

select * from counts
