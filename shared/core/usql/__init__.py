"""U-SQL, the language of Data Lake Analytics, compiled for DuckDB: `compiler.compile_script` is the way in.

A script goes through `substitution` (values of the step), `parsing` (grammar to nodes of `syntax`), and binding:
`queries`, `sources` and `expressions` resolve names and types and write SQL. No text of a script becomes SQL: names are
numbered, texts are parameters. `plan` is what comes out; `reading` turns files into its tables.
"""
