-- A row is a survey, month and attribute whose answers are not each one of the three, or whose
-- segments together are not all who answered.
{{ config(meta={'dagster': {'ref': {'name': 'nps'}}}) }}

with sums as (
    select
        survey,
        segment_name,
        month,
        sum(responses) as responses,
        sum(promoters + passives + detractors) as told
    from {{ ref('nps') }}
    group by survey, segment_name, month
)

select parts.*
from sums as parts
left join sums as total
    on
        parts.survey = total.survey
        and parts.month = total.month
        and total.segment_name = 'all'
where
    parts.responses <> parts.told
    or (parts.responses > 0 and parts.responses is distinct from total.responses)
