{#- Of several answers of a customer to a survey in a month the last one speaks. Whoever is there
    again is seen by orders, in a shop without any by all activity. -#}
{%- set days = var('churn_after_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

ranked as (
    select
        surveys.customer_id,
        coalesce(surveys.survey, 'unknown') as survey,
        surveys.score,
        row_number() over (
            partition by
                surveys.customer_id, coalesce(surveys.survey, 'unknown'),
                {{ month_start('surveys.answer_date') }}
            order by surveys.answered_at desc, surveys.score asc
        ) as answer_rank,
        {{ month_start('surveys.answer_date') }} as month,
        surveys.answer_date
    from {{ ref('stg_surveys') }} as surveys
    inner join as_of on surveys.answer_date <= as_of.as_of_date
),

answers as (
    select * from ranked
    where answer_rank = 1
),

chosen as (
    select case when count(*) > 0 then 'order' else 'any' end as activity
    from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

retained as (
    select distinct answers.customer_id, answers.answer_date
    from answers
    inner join {{ ref('customer_activity_days') }} as days
        on
            answers.customer_id = days.customer_id
            and answers.answer_date < days.activity_date
            and {{ add_days('answers.answer_date', days) }} >= days.activity_date
    inner join chosen on days.activity = chosen.activity
),

survey_answers as (
    select
        answers.customer_id,
        answers.survey,
        case
            when answers.score >= 9 then 'promoter'
            when answers.score >= 7 then 'passive'
            else 'detractor'
        end as attitude,
        answers.score,
        case when {{ add_days('answers.answer_date', days) }} <= as_of.as_of_date then 1 else 0 end
            as observed,
        case
            when
                {{ add_days('answers.answer_date', days) }} <= as_of.as_of_date
                and retained.customer_id is not null
                then 1
            else 0
        end as retained,
        answers.month,
        answers.answer_date
    from answers
    cross join as_of
    left join retained
        on
            answers.customer_id = retained.customer_id
            and answers.answer_date = retained.answer_date
)

select * from survey_answers
