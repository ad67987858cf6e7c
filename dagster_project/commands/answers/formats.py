"""The formats that answers, tables and lists are written in."""

QUERY_FORMATS = ("table", "csv", "json", "parquet", "xlsx")
FILE_FORMATS = ("csv", "parquet", "xlsx")
AUDIENCE_FORMATS = ("csv", "jsonl", "parquet")
