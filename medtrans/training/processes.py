"""One process or many: Fabric set up for the device asked for, under torchrun, SLURM or neither."""

from __future__ import annotations

import logging
import os
import warnings

from lightning_fabric import Fabric

from medtrans.core.errors import EnvironmentRefused
from medtrans.training.settings import TrainingSettings
from medtrans.translating.device import find_device

INTERACTIVE = ("bash", "interactive")
"""Names of SLURM jobs in which commands are typed, as Fabric knows them: these start no processes of their own."""


def launch(settings: TrainingSettings) -> Fabric:
    """A launched Fabric.

    Raises UsageError for what is no device, EnvironmentRefused when it is not there or processes do not fit together.
    """
    device = find_device(settings.device)
    each, nodes = _processes()
    logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(srun|GPU available but not used|Tensor Cores).*")
        try:
            fabric = Fabric(
                accelerator=device.type,
                devices=each if each > 1 or device.index is None else [device.index],
                num_nodes=nodes,
                strategy="ddp" if each * nodes > 1 else "auto",
                precision=settings.precision,
            )
            fabric.launch()
        except (RuntimeError, ValueError) as reason:
            said = (str(reason).splitlines() or [type(reason).__name__])[0]
            advice = "look at the options of torchrun or SLURM, or start one process"
            raise EnvironmentRefused("training processes", f"cannot be started ({said})", advice) from reason
    return fabric


def _processes() -> tuple[int, int]:
    """(processes on this node, nodes), as torchrun or SLURM started them; a command in an interactive job is one."""
    told = os.environ
    by_slurm = "SLURM_NTASKS" in told and "WORLD_SIZE" not in told and told.get("SLURM_JOB_NAME") not in INTERACTIVE
    if by_slurm and told["SLURM_NTASKS"] != "1" and "SLURM_NTASKS_PER_NODE" not in told:
        what = f"started {told['SLURM_NTASKS']} processes and does not say how many on each node"
        raise EnvironmentRefused("SLURM", what, "give --ntasks-per-node instead of --ntasks")
    if by_slurm:
        each, world = int(told.get("SLURM_NTASKS_PER_NODE", "1")), int(told["SLURM_NTASKS"])
    else:
        each, world = int(told.get("LOCAL_WORLD_SIZE", "1")), int(told.get("WORLD_SIZE", "1"))
    return (each, max(world // each, 1)) if world > 1 else (1, 1)
