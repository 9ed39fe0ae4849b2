"""Reads one dataset as files and one as a table."""

from pipeyard.core import Run

run = Run.get_context()
with open(run.input_datasets["iris_file"]) as file:
    print("the file begins with", file.readline().strip())
table = run.input_datasets["iris_table"].to_pandas_dataframe()
print("the table has", len(table), "rows and the columns", list(table.columns))
run.log("rows", len(table))
