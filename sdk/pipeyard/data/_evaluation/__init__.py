"""How datasets are evaluated on this machine: files are fetched once, and DuckDB reads them column by column.

files.py             which files a dataset has, and where they lie on this machine
cache.py             files that were fetched once, by digest
partition_format.py  values of columns in the paths of files
scans.py             files as rows: delimited text, Parquet, JSON lines
steps.py             transformations of rows, as nested SQL
filters.py           filter expressions as SQL with bound values
rows.py              an open dataset: the connection, the query, its columns
frames.py            rows as pandas frames, at once or in batches
writing.py           rows as Parquet or CSV files, whole or by the values of columns
packages.py          duckdb and pandas, or an error that says what to install
"""
