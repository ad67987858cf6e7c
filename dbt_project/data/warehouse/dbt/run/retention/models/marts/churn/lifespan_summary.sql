
drop table if exists "build"."marts"."lifespan_summary";

    
      
    

    create  table
      "build"."marts"."lifespan_summary"
  
  (
    segment TEXT,
    segment_name TEXT,
    segment_value TEXT,
    customers bigint,
    ended_customers bigint,
    median_days int,
    restricted_mean_days double,
    horizon_days int,
    one_over_churn_days double,
    constant_hazard_mean_days double,
    disagrees boolean
    
    )
 ;
    
    
    insert into "build"."marts"."lifespan_summary" 
  (
    
      
      
      segment ,
    
      
      
      segment_name ,
    
      
      
      segment_value ,
    
      
      
      customers ,
    
      
      
      ended_customers ,
    
      
      
      median_days ,
    
      
      
      restricted_mean_days ,
    
      
      
      horizon_days ,
    
      
      
      one_over_churn_days ,
    
      
      
      constant_hazard_mean_days ,
    
      
      
      disagrees 
    
  )
 (
      
    select segment, segment_name, segment_value, customers, ended_customers, median_days, restricted_mean_days, horizon_days, one_over_churn_days, constant_hazard_mean_days, disagrees
    from (
        with survival as (
    select * from "build"."marts"."lifespan_survival"
),

lifespans as (
    select
        case when segment_name = 'all' then 'all' else segment_name || '=' || segment_value end as segment,
        segments.segment_name,
        segments.segment_value,
        count(*) as customers,
        count(*) filter (where lifespans.has_ended) as ended_customers,
        sum(lifespans.lifespan_days) as exposed_days
    from "build"."intermediate"."lifespans" as lifespans
    inner join "build"."core"."customer_segments" as segments
        on lifespans.customer_id = segments.customer_id
    group by segments.segment_name, segments.segment_value
),

-- the day half of them are gone, whatever the last digit of the product says, and the area
-- under the survival curve, a step a day
curves as (
    select
        segment,
        min(case when survival <= 0.5e0 + 1e-9 then days end) as median_days,
        cast(sum(
            case when days < 365 then cast(survival as decimal(38, 18)) end
        ) as double) as restricted_mean_days,
        least(max(days) + 1, 365) as horizon_days
    from survival
    group by segment
),

joined as (
    select
        lifespans.*,
        curves.median_days,
        curves.restricted_mean_days,
        curves.horizon_days,
        cast(cast(lifespans.exposed_days as double) / cast(nullif(lifespans.ended_customers, 0) as double) as double) as one_over_churn_days
    from lifespans
    inner join curves on lifespans.segment = curves.segment
),

-- what the restricted mean would be if the hazard were constant
compared as (
    select
        *,
        one_over_churn_days * (1e0 - exp(-horizon_days / one_over_churn_days))
            as constant_hazard_mean_days
    from joined
),

lifespan_summary as (
    select
        segment,
        segment_name,
        segment_value,
        cast(customers as bigint) as customers,
        cast(ended_customers as bigint) as ended_customers,
        cast(median_days as int) as median_days,
        cast(restricted_mean_days as double) as restricted_mean_days,
        cast(horizon_days as int) as horizon_days,
        cast(one_over_churn_days as double) as one_over_churn_days,
        cast(constant_hazard_mean_days as double) as constant_hazard_mean_days,
        abs(constant_hazard_mean_days - restricted_mean_days)
        > 0.1 * restricted_mean_days as disagrees
    from compared
)

select * from lifespan_summary
    ) as model_subq
    );
  
