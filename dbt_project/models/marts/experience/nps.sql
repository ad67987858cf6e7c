{#- Of several answers of a customer to a survey in a month the last one counts. Whoever comes
    back is recognised by orders, or in a shop without any by all activity. -#}
{%- set retention_days = var('churn_after_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

surveys as (
    {{ up_to_as_of('stg_surveys', 'answer_date') }}
),

ranked as (
    select
        customer_id,
        coalesce(survey, 'unknown') as survey,
        score,
        row_number() over (
            partition by
                customer_id, coalesce(survey, 'unknown'), {{ month_start('answer_date') }}
            order by answered_at desc, score asc
        ) as answer_rank,
        {{ month_start('answer_date') }} as month,
        answer_date
    from surveys
),

last_answers as (
    select * from ranked
    where answer_rank = 1
),

chosen as (
    select case when count(*) > 0 then 'order' else 'any' end as activity
    from days
    where activity = 'order'
),

retained as (
    select distinct last_answers.customer_id, last_answers.answer_date
    from last_answers
    inner join days
        on
            last_answers.customer_id = days.customer_id
            and last_answers.answer_date < days.activity_date
            and {{ add_days('last_answers.answer_date', retention_days) }} >= days.activity_date
    inner join chosen on days.activity = chosen.activity
),

answers as (
    select
        last_answers.customer_id,
        last_answers.survey,
        case
            when last_answers.score >= 9 then 'promoter'
            when last_answers.score >= 7 then 'passive'
            else 'detractor'
        end as attitude,
        last_answers.score,
        case
            when {{ add_days('last_answers.answer_date', retention_days) }} <= as_of.as_of_date
                then 1
            else 0
        end as observed,
        case
            when
                {{ add_days('last_answers.answer_date', retention_days) }} <= as_of.as_of_date
                and retained.customer_id is not null
                then 1
            else 0
        end as retained,
        last_answers.month,
        last_answers.answer_date
    from last_answers
    cross join as_of
    left join retained
        on
            last_answers.customer_id = retained.customer_id
            and last_answers.answer_date = retained.answer_date
),

cut as (
    select answers.*, 'all' as segment_name, 'all' as segment_value from answers
    {%- for segment in var('segments') %}
    union all
    select
        answers.*,
        '{{ segment }}' as segment_name,
        coalesce(segments.segment_value, 'unknown') as segment_value
    from answers
    left join segments
        on answers.customer_id = segments.customer_id and segments.segment_name = '{{ segment }}'
    {%- endfor %}
),

spine as (
    select
        lives.survey,
        lives.segment_name,
        lives.segment_value,
        months.period_start as month
    from (
        select survey, segment_name, segment_value, min(month) as first_month
        from cut
        group by survey, segment_name, segment_value
    ) as lives
    inner join {{ ref('calendar_periods') }} as months
        on months.period = 'month' and lives.first_month <= months.period_start
),

counted as (
    select
        {%- for attitude in ['promoter', 'passive', 'detractor'] %}
        sum(case when cut.attitude = '{{ attitude }}' then 1 else 0 end) as {{ attitude }}s,
        sum(case when cut.attitude = '{{ attitude }}' then cut.observed else 0 end)
            as {{ attitude }}s_observed,
        sum(case when cut.attitude = '{{ attitude }}' then cut.retained else 0 end)
            as {{ attitude }}s_retained,
        {%- endfor %}
        count(cut.customer_id) as responses,
        spine.*
    from spine
    left join cut
        on
            spine.survey = cut.survey and spine.month = cut.month
            and spine.segment_name = cut.segment_name and spine.segment_value = cut.segment_value
    group by spine.survey, spine.segment_name, spine.segment_value, spine.month
),

nps as (
    select
        survey, segment_name, segment_value,
        cast(responses as bigint) as responses,
        cast(promoters as bigint) as promoters,
        cast(passives as bigint) as passives,
        cast(detractors as bigint) as detractors,
        cast(100e0 * {{ ratio('promoters - detractors', 'responses') }} as double) as nps,
        {{ nps_bound('promoters', 'detractors', 'responses', '-') }} as nps_low,
        {{ nps_bound('promoters', 'detractors', 'responses', '+') }} as nps_high,
        {%- for group in ['promoters', 'detractors'] %}
        {%- set of = [group ~ '_retained', group ~ '_observed'] %}
        cast({{ group }}_observed as bigint) as {{ group }}_observed,
        cast({{ group }}_retained as bigint) as {{ group }}_retained,
        {{ ratio(*of) }} as {{ group }}_retention_rate,
        {{ wilson_low(*of) }} as {{ group }}_retention_low,
        {{ wilson_high(*of) }} as {{ group }}_retention_high,
        {%- endfor %}
        month
    from counted
)

select * from nps
