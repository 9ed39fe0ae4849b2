"""The driver of `parallel_run` steps: mini-batches of the inputs, given to workers that hold the entry script.

batches.py   what is to be done: files or rows, cut into mini-batches in an order that never changes
tables.py    rows of tabular inputs, kept on disk so that workers can read their own part
pool.py      who does it: worker processes, their time-outs, deaths and second tries
worker.py    one worker: `init()` once, `run()` for each mini-batch
budget.py    how much may go wrong
rows.py      what `run()` returned, as lines
output.py    the file of all lines
driver.py    all of it together
"""
