"""Executors of a batch: its jobs by this process, or shared out among several; one ledger, the same files.

| file | who translates |
|---|---|
| serial | this process, one job after the other |
| processes | this process and others of this machine, which load the same models |
| slurm | the tasks of an array, whose script is printed |
| dask | the workers of a Dask cluster (extra dist) |
"""

from medtrans.batching.executors._executor import Executor

__all__ = ["Executor"]
