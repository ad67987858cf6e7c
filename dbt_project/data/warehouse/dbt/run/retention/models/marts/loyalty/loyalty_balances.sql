
drop table if exists "build"."marts"."loyalty_balances";

    
      
    

    create  table
      "build"."marts"."loyalty_balances"
  
  (
    customer_id TEXT,
    accrued decimal(18,4),
    redeemed decimal(18,4),
    expired decimal(18,4),
    adjusted decimal(18,4),
    balance decimal(18,4),
    redemption_rate double,
    breakage_rate double,
    first_movement date,
    last_movement date
    
    )
 ;
    
    
    insert into "build"."marts"."loyalty_balances" 
  (
    
      
      
      customer_id ,
    
      
      
      accrued ,
    
      
      
      redeemed ,
    
      
      
      expired ,
    
      
      
      adjusted ,
    
      
      
      balance ,
    
      
      
      redemption_rate ,
    
      
      
      breakage_rate ,
    
      
      
      first_movement ,
    
      
      
      last_movement 
    
  )
 (
      
    select customer_id, accrued, redeemed, expired, adjusted, balance, redemption_rate, breakage_rate, first_movement, last_movement
    from (
        with movements as (
    select stg_loyalty_points.*
    from "build"."staging"."stg_loyalty_points" as stg_loyalty_points
    inner join "build"."core"."as_of" as as_of on stg_loyalty_points.movement_date <= as_of.as_of_date
),

totals as (
    select
        customer_id,
        coalesce(sum(case when kind = 'accrued' then points end), 0) as accrued,
        coalesce(sum(case when kind = 'redeemed' then points end), 0) as redeemed,
        coalesce(sum(case when kind = 'expired' then points end), 0) as expired,
        coalesce(sum(case when kind = 'adjusted' then points end), 0) as adjusted,
        min(movement_date) as first_movement,
        max(movement_date) as last_movement
    from movements
    group by customer_id
),

loyalty_balances as (
    select
        customer_id,
        cast(accrued as decimal(18, 4)) as accrued,
        cast(redeemed as decimal(18, 4)) as redeemed,
        cast(expired as decimal(18, 4)) as expired,
        cast(adjusted as decimal(18, 4)) as adjusted,
        cast(accrued - redeemed - expired + adjusted as decimal(18, 4)) as balance,
        cast(cast(redeemed as double) / cast(nullif(accrued, 0) as double) as double) as redemption_rate,
        cast(cast(expired as double) / cast(nullif(accrued, 0) as double) as double) as breakage_rate,
        first_movement,
        last_movement
    from totals
)

select * from loyalty_balances
    ) as model_subq
    );
  
