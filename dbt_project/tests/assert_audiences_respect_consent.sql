-- A row is a member of an audience who is listed for a channel that they have not consented to, by
-- the calendar of the same day, or whose audience began later than today.
{{ config(meta={'dagster': {'ref': {'name': 'audiences'}}}) }}

select
    audiences.audience,
    audiences.customer_id
from {{ ref('audiences') }} as audiences
cross join {{ ref('as_of') }} as as_of
left join {{ ref('communication_calendar') }} as calendar
    on audiences.customer_id = calendar.customer_id
where
    audiences.since > as_of.as_of_date
    or not coalesce(case audiences.channel
        when 'email' then calendar.consent_email
        when 'sms' then calendar.consent_sms
        when 'push' then calendar.consent_push
        when 'messenger' then calendar.consent_messenger
    end, false)
