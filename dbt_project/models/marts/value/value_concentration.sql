with ranked as (
    select
        net_revenue,
        row_number() over (order by net_revenue desc, customer_id asc) as customer_rank,
        count(*) over () as all_customers,
        sum(net_revenue) over () as total_revenue
    from {{ ref('customer_value') }}
    where orders > 0
),

shares as (
    {%- for share in var('top_shares') %}
    {{ 'union all' if not loop.first }}
    select cast('{{ share }}' as decimal(7, 6)) as top_share
    {%- endfor %}
),

-- a share of customers is rounded up to whole ones
tops as (
    select
        shares.top_share,
        ranked.all_customers,
        ranked.total_revenue,
        count(*) as customers,
        sum(ranked.net_revenue) as revenue
    from shares
    inner join ranked on ranked.customer_rank <= ceil(shares.top_share * ranked.all_customers)
    group by shares.top_share, ranked.all_customers, ranked.total_revenue
),

compared as (
    select
        *,
        {{ ratio('revenue', 'customers') }} as average_value,
        {{ ratio('total_revenue - revenue', 'all_customers - customers') }}
            as average_value_of_rest,
        case when total_revenue > 0 then total_revenue end as shared_revenue
    from tops
),

value_concentration as (
    select
        cast(top_share as double) as top_share,
        cast(customers as bigint) as customers,
        cast(all_customers as bigint) as all_customers,
        {{ money('revenue') }} as revenue,
        {{ money('total_revenue') }} as total_revenue,
        {{ ratio('revenue', 'shared_revenue') }} as revenue_share,
        average_value,
        average_value_of_rest,
        cast(
            case when average_value_of_rest > 0 then average_value / average_value_of_rest end
            as double
        ) as value_multiple_of_rest
    from compared
)

select * from value_concentration
