"""A SLURM of one node, of this test alone: munge and both daemons with their own files, on 127.0.0.1."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
MISSING = ", ".join(
    name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name, path=SBIN) is None
)
CONFIGURATION = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={place}/munge.socket
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES State=UP
"""
START_SECONDS = 120


@contextlib.contextmanager
def local_slurm(place):
    """The environment in which sbatch speaks to it."""
    for name in ("state", "spool"):
        (place / name).mkdir(parents=True)
    place.chmod(0o755)
    key = place / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    facts = {"host": socket.gethostname().partition(".")[0], "place": place, "ports": free_ports()}
    (place / "slurm.conf").write_text(CONFIGURATION.format(**facts, processors=os.cpu_count()))
    environment = {**os.environ, "SLURM_CONF": str(place / "slurm.conf"), "PATH": SBIN, "PYTHONPATH": str(Path.cwd())}
    munge = ["munged", "--foreground", "--force", f"--socket={place}/munge.socket", f"--key-file={key}"]
    munge += [f"--{name}-file={place}/munge.{name}" for name in ("pid", "log", "seed")]
    started = []
    try:
        for words in (munge, ["slurmctld", "-D"], ["slurmd", "-D"]):
            log = (place / f"{words[0]}.out").open("w")
            started.append((subprocess.Popen(words, env=environment, stdout=log, stderr=log), log))
            time.sleep(2)
        wait_for_the_node(environment, place)
        yield environment
    finally:
        for process, log in reversed(started):
            process.terminate()
            process.wait(30)
            log.close()


def wait_for_the_node(environment, place):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        answer = subprocess.run(["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True)
        if answer.stdout.strip() == "idle":
            return
        time.sleep(1)
    logs = {path.name: path.read_text()[-2000:] for path in place.iterdir() if path.suffix in (".out", ".log")}
    raise TimeoutError(f"SLURM did not start: {answer.stdout} {answer.stderr} {logs}")


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
