"""The process in which a task's code runs: what Databricks calls the driver.

Started as `python -m emulated_driver TASK` with the environment's Python, standard library only. It shows the code a
`dbutils`, a `spark` where PySpark is installed, and notes in a file how the code ended.
"""
