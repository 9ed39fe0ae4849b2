"""The driver of `hyperdrive` steps: it starts a run for each trial, watches them, and keeps the best one's files.

 sampler.py   which hyperparameters the next trial gets
 trials.py    trials as runs of the workspace: start, find again, watch, cancel
 sweep.py     when trials start and end
 results.py   what the step hands on: metrics, the best trial's files
 report.py    what people read
 driver.py    all of it together

The driver keeps no state: the trials are runs below its step run, with keys derived from the step run and the
trial's number. A driver that is started again finds them and goes on.
"""
