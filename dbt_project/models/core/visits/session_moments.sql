{#- What happened in which visit: events that name theirs, and what the rule gives to one. -#}
{{ config(materialized='view') }}

select session_id, event_id as moment_id, event_name as activity, occurred_at
from {{ ref('stg_events') }}
where session_id is not null
union all
select session_id, moment_id, activity, occurred_at
from {{ ref('moment_visits') }}
