
drop table if exists "build"."marts"."monthly_churn";

    
      
    

    create  table
      "build"."marts"."monthly_churn"
  
  (
    base TEXT,
    opening_customers bigint,
    new_customers bigint,
    reactivated_customers bigint,
    churned_customers bigint,
    closing_customers bigint,
    churned_joiners bigint,
    churned_returners bigint,
    lost_opening_customers bigint,
    churn_rate double,
    churn_rate_low double,
    churn_rate_high double,
    churn_rate_net double,
    churn_rate_of_start_and_new double,
    churn_rate_of_start_and_new_low double,
    churn_rate_of_start_and_new_high double,
    customer_retention_rate double,
    customer_retention_rate_low double,
    customer_retention_rate_high double,
    customer_retention_rate_textbook double,
    opening_mrr decimal(18,4),
    churned_mrr decimal(18,4),
    closing_mrr decimal(18,4),
    gross_revenue_churn_rate double,
    net_revenue_churn_rate double,
    is_complete boolean,
    month date
    
    )
 ;
    
    
    insert into "build"."marts"."monthly_churn" 
  (
    
      
      
      base ,
    
      
      
      opening_customers ,
    
      
      
      new_customers ,
    
      
      
      reactivated_customers ,
    
      
      
      churned_customers ,
    
      
      
      closing_customers ,
    
      
      
      churned_joiners ,
    
      
      
      churned_returners ,
    
      
      
      lost_opening_customers ,
    
      
      
      churn_rate ,
    
      
      
      churn_rate_low ,
    
      
      
      churn_rate_high ,
    
      
      
      churn_rate_net ,
    
      
      
      churn_rate_of_start_and_new ,
    
      
      
      churn_rate_of_start_and_new_low ,
    
      
      
      churn_rate_of_start_and_new_high ,
    
      
      
      customer_retention_rate ,
    
      
      
      customer_retention_rate_low ,
    
      
      
      customer_retention_rate_high ,
    
      
      
      customer_retention_rate_textbook ,
    
      
      
      opening_mrr ,
    
      
      
      churned_mrr ,
    
      
      
      closing_mrr ,
    
      
      
      gross_revenue_churn_rate ,
    
      
      
      net_revenue_churn_rate ,
    
      
      
      is_complete ,
    
      
      
      month 
    
  )
 (
      
    select base, opening_customers, new_customers, reactivated_customers, churned_customers, closing_customers, churned_joiners, churned_returners, lost_opening_customers, churn_rate, churn_rate_low, churn_rate_high, churn_rate_net, churn_rate_of_start_and_new, churn_rate_of_start_and_new_low, churn_rate_of_start_and_new_high, customer_retention_rate, customer_retention_rate_low, customer_retention_rate_high, customer_retention_rate_textbook, opening_mrr, churned_mrr, closing_mrr, gross_revenue_churn_rate, net_revenue_churn_rate, is_complete, month
    from (
        with movements as (
    select * from "build"."intermediate"."churn_months"
),

revenue as (
    select * from "build"."marts"."subscription_mrr_monthly"
),

missing as (
    select * from "build"."core"."missing_activity_days"
),

bases as (
    select distinct base from movements
),

-- who ends in a month is told by the days of silence before it, too
silent_months as (
    select
        bases.base,
        periods.is_complete and count(missing.missing_date) = 0 as is_complete,
        periods.period_start as month
    from bases
    inner join "build"."core"."calendar_periods" as periods on periods.period = 'month'
    left join missing
        on
            bases.base = missing.activity
            and missing.missing_date
            between cast(date_add(periods.period_start, cast(-90 as int)) as date)
            and periods.period_end
    where bases.base <> 'subscription'
    group by bases.base, periods.period_start, periods.is_complete
),

-- subscriptions may be older than everything else that is known of the shop
calendar as (
    select * from silent_months
    union all
    select
        bases.base,
        months.is_complete,
        months.month
    from bases
    inner join "build"."core"."subscription_months" as months on bases.base = 'subscription'
),

counted as (
    select
        coalesce(movements.new_customers, 0) as new_customers,
        coalesce(movements.reactivated_customers, 0) as reactivated_customers,
        coalesce(movements.churned_customers, 0) as churned_customers,
        coalesce(movements.churned_joiners, 0) as churned_joiners,
        coalesce(movements.churned_returners, 0) as churned_returners,
        coalesce(movements.lost_opening_customers, 0) as lost_opening_customers,
        calendar.base,
        calendar.month,
        calendar.is_complete,
        revenue.opening as opening_mrr,
        -revenue.churned as churned_mrr,
        revenue.closing as closing_mrr,
        revenue.gross_churn_rate as gross_revenue_churn_rate,
        revenue.net_churn_rate as net_revenue_churn_rate
    from calendar
    left join movements on calendar.base = movements.base and calendar.month = movements.month
    left join revenue on calendar.base = 'subscription' and calendar.month = revenue.month
),

running as (
    select
        *,
        sum(new_customers + reactivated_customers - churned_customers) over (
            partition by base order by month rows unbounded preceding
        ) as closing_customers
    from counted
),

balanced as (
    select
        *,
        closing_customers - new_customers - reactivated_customers + churned_customers
            as opening_customers,
        case
            when is_complete
                then closing_customers - new_customers - reactivated_customers + churned_customers
        end as at_risk
    from running
),

monthly_churn as (
    select
        base,
        cast(opening_customers as bigint) as opening_customers,
        cast(closing_customers as bigint) as closing_customers,
        cast(new_customers as bigint) as new_customers,
        cast(reactivated_customers as bigint) as reactivated_customers,
        cast(churned_customers as bigint) as churned_customers,
        cast(churned_joiners as bigint) as churned_joiners,
        cast(churned_returners as bigint) as churned_returners,
        cast(lost_opening_customers as bigint) as lost_opening_customers,
        cast(cast(churned_customers as double) / cast(nullif(at_risk, 0) as double) as double) as churn_rate,
        cast(case
            when at_risk > 0 and churned_customers = 0 then 0e0
            when at_risk > 0 and churned_customers between 0 and at_risk then (
                (cast(churned_customers as double) / cast(at_risk as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk as double))
                - 1.959963984540054e0 * sqrt((cast(churned_customers as double) / cast(at_risk as double)) * (1e0 - (cast(churned_customers as double) / cast(at_risk as double))) / cast(at_risk as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk as double) * cast(at_risk as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk as double))
        end as double) as churn_rate_low,
        cast(case
            when at_risk > 0 and churned_customers = at_risk then 1e0
            when at_risk > 0 and churned_customers between 0 and at_risk then (
                (cast(churned_customers as double) / cast(at_risk as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk as double))
                + 1.959963984540054e0 * sqrt((cast(churned_customers as double) / cast(at_risk as double)) * (1e0 - (cast(churned_customers as double) / cast(at_risk as double))) / cast(at_risk as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk as double) * cast(at_risk as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk as double))
        end as double) as churn_rate_high,
        cast(cast(churned_customers - churned_joiners - churned_returners as double) / cast(nullif(at_risk, 0) as double) as double)
            as churn_rate_net,
        cast(cast(churned_customers as double) / cast(nullif(at_risk + new_customers, 0) as double) as double) as churn_rate_of_start_and_new,
        cast(case
            when at_risk + new_customers > 0 and churned_customers = 0 then 0e0
            when at_risk + new_customers > 0 and churned_customers between 0 and at_risk + new_customers then (
                (cast(churned_customers as double) / cast(at_risk + new_customers as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk + new_customers as double))
                - 1.959963984540054e0 * sqrt((cast(churned_customers as double) / cast(at_risk + new_customers as double)) * (1e0 - (cast(churned_customers as double) / cast(at_risk + new_customers as double))) / cast(at_risk + new_customers as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk + new_customers as double) * cast(at_risk + new_customers as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk + new_customers as double))
        end as double)
            as churn_rate_of_start_and_new_low,
        cast(case
            when at_risk + new_customers > 0 and churned_customers = at_risk + new_customers then 1e0
            when at_risk + new_customers > 0 and churned_customers between 0 and at_risk + new_customers then (
                (cast(churned_customers as double) / cast(at_risk + new_customers as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk + new_customers as double))
                + 1.959963984540054e0 * sqrt((cast(churned_customers as double) / cast(at_risk + new_customers as double)) * (1e0 - (cast(churned_customers as double) / cast(at_risk + new_customers as double))) / cast(at_risk + new_customers as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk + new_customers as double) * cast(at_risk + new_customers as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk + new_customers as double))
        end as double)
            as churn_rate_of_start_and_new_high,
        cast(cast(at_risk - lost_opening_customers as double) / cast(nullif(at_risk, 0) as double) as double) as customer_retention_rate,
        cast(case
            when at_risk > 0 and at_risk - lost_opening_customers = 0 then 0e0
            when at_risk > 0 and at_risk - lost_opening_customers between 0 and at_risk then (
                (cast(at_risk - lost_opening_customers as double) / cast(at_risk as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk as double))
                - 1.959963984540054e0 * sqrt((cast(at_risk - lost_opening_customers as double) / cast(at_risk as double)) * (1e0 - (cast(at_risk - lost_opening_customers as double) / cast(at_risk as double))) / cast(at_risk as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk as double) * cast(at_risk as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk as double))
        end as double)
            as customer_retention_rate_low,
        cast(case
            when at_risk > 0 and at_risk - lost_opening_customers = at_risk then 1e0
            when at_risk > 0 and at_risk - lost_opening_customers between 0 and at_risk then (
                (cast(at_risk - lost_opening_customers as double) / cast(at_risk as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(at_risk as double))
                + 1.959963984540054e0 * sqrt((cast(at_risk - lost_opening_customers as double) / cast(at_risk as double)) * (1e0 - (cast(at_risk - lost_opening_customers as double) / cast(at_risk as double))) / cast(at_risk as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(at_risk as double) * cast(at_risk as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(at_risk as double))
        end as double)
            as customer_retention_rate_high,
        cast(cast(closing_customers - new_customers as double) / cast(nullif(at_risk, 0) as double) as double)
            as customer_retention_rate_textbook,
        opening_mrr,
        cast(churned_mrr as decimal(18, 4)) as churned_mrr,
        closing_mrr,
        gross_revenue_churn_rate,
        net_revenue_churn_rate,
        is_complete,
        month
    from balanced
)

select * from monthly_churn
    ) as model_subq
    );
  
