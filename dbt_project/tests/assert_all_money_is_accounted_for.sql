-- A row is an export of which money was lost on the way, or counted twice.
{{ config(meta={'dagster': {'ref': {'name': 'source_accounting'}}}) }}

select * from {{ ref('source_accounting') }}
where
    amount_in_files
    <> amount_rejected
    + amount_duplicate
    + amount_superseded
    + amount_quarantined
    {%- for use in money_uses() %}
    + amount_{{ use }}
    {%- endfor %}
