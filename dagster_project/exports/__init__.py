"""The export contract, `exports.yml` and the DuckDB loader. Knows nothing of Dagster."""
