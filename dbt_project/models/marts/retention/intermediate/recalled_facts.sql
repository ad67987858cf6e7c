{#- What the last publication could not know of the days it covers: logins and refunds after
    them. Of the customers this concerns all facts are taken twice, as they are known now and as
    they were known then, so that figures can be computed for then, too. -#}
with publication as (
    select * from {{ ref('last_publication') }}
),

concerned as (
    select links.customer_id
    from {{ ref('identity_links') }} as links
    inner join publication on links.learned_on > publication.as_of_date
    union
    select refunds.customer_id
    from {{ ref('refunds') }} as refunds
    inner join publication on refunds.refund_date > publication.as_of_date
),

facts as (
    select facts.*
    from {{ ref('activity_facts') }} as facts
    inner join {{ ref('customer_keys') }} as customers
        on facts.customer_key = customers.customer_key
    inner join concerned on customers.customer_id = concerned.customer_id
),

views as (
    select
        facts.*,
        'now' as known
    from facts
    union all
    select
        facts.*,
        'then' as known
    from facts
    inner join publication on facts.known_on <= publication.as_of_date
),

recalled as (
    select
        customer_key,
        case known
            {%- for known in ['now', 'then'] %}
            when '{{ known }}' then {{ recalled_key('activity_key', known) }}
            {%- endfor %}
        end as activity_key,
        occurrences,
        revenue,
        activity_date,
        occurred_at
    from views
    union all
    select
        customer_key,
        case known
            {%- for known in ['now', 'then'] %}
            when '{{ known }}' then {{ recalled_key('0', known) }}
            {%- endfor %}
        end as activity_key,
        occurrences,
        revenue,
        activity_date,
        occurred_at
    from views
)

select * from recalled
