{#- What a profile said on the landmark decides, not what it came to say: who stays longer has more
    time to rise. Of a profile that was written over, or came later, nobody knows what it said. -#}
{%- set shipped = ['country', 'acquisition_source', 'device', 'channel', 'first_order_coupon'] -%}
with profiles as (
    select * from {{ ref('customer_profile_history') }}
),

listed as (
    select distinct customer_id from profiles
),

buyers as (
    select
        landmark_buyers.*,
        profiles.customer_id is not null as is_known,
        profiles.attributes
    from {{ ref('landmark_buyers') }} as landmark_buyers
    inner join listed on landmark_buyers.customer_id = listed.customer_id
    left join profiles
        on
            landmark_buyers.customer_id = profiles.customer_id
            and landmark_buyers.landmark_date >= profiles.told_on
            and landmark_buyers.landmark_date < profiles.valid_to
),

named as (
    {%- for tier in var('segments') if tier not in shipped %}
    {{ 'union all' if not loop.first }}
    select
        customer_id,
        is_retained,
        revenue,
        '{{ tier }}' as segment_name,
        case when is_known then coalesce({{ json_text('attributes', tier) }}, 'unknown') end
            as written
    from buyers
    {%- else %}
    select customer_id, is_retained, revenue, 'none' as segment_name, 'none' as written
    from buyers
    where false
    {%- endfor %}
),

{{ spelt_alike('named') }},

landmark_tiers as (
    select
        named.customer_id,
        named.segment_name,
        spelt.segment_value,
        named.is_retained,
        named.revenue
    from named
    left join spelt on named.segment_name = spelt.segment_name and named.written = spelt.written
)

select * from landmark_tiers
