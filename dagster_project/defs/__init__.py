"""The Dagster assets, checks, jobs and schedules: thin."""
