"""A batch whose cases take no time and do what their names say, in processes that need no torch."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Job
from medtrans.core.errors import EnvironmentRefused


@dataclass(frozen=True)
class Toy:
    """Each case writes a line with its name and process; `first` is the process of the test."""

    folder: Path
    first: int

    def outcome(self, job, report):
        with (self.folder / "log").open("a") as log:
            log.write(f"{job.name} {os.getpid()}\n")
        report(0.5)
        tries = sum(line.split()[0] == job.name for line in self.lines())
        if job.name == "wait":
            while tries < 2 and not (self.folder / "go").exists():
                pass
        if os.getpid() != self.first and (job.name == "fatal" or (job.name == "dies" and tries == 1)):
            (self.folder / "go").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if job.name == "large" and tries == 1:
            return failed_outcome(job, EnvironmentRefused("large", "no memory", "", "out-of-memory"), 0.0)
        return Outcome(job.name, "done")

    def lines(self):
        return (self.folder / "log").read_text().splitlines()


def jobs_of(*names):
    return [Job(name, (Path(f"{name}.nii"),), Path(f"{name}_out.nii")) for name in names]
