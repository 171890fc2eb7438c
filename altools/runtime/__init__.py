"""How a job runs: log, progress, processes, devices, checkpoints, and what a grid costs and has done.

Nothing here changes a number, so nothing here enters a fingerprint (`altools.config.fingerprint`).
"""
