-- A row is a customer of an audience who is held out in the list of today and treated in the
-- comparison, or the other way round: the two must go by the same draw.
{{ config(meta={'dagster': {'ref': {'name': 'audiences'}}}) }}

select
    listed.audience,
    listed.customer_id
from {{ ref('audiences') }} as listed
inner join {{ ref('audience_assignments') }} as assigned
    on listed.audience = assigned.audience and listed.customer_id = assigned.customer_id
where listed.is_holdout <> assigned.is_holdout
