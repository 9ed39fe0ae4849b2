"""The driver of `data_lake_analytics` steps: U-SQL scripts run on DuckDB."""
