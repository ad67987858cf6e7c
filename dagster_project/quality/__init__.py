"""Great Expectations gates on the warehouse: the DuckDB engine for GX and the suite runner.

Importing this package stays cheap: GX itself is imported inside the functions that need it.
"""
