"""Processes of a training: Fabric for the chosen device, under torchrun, SLURM or neither."""

from __future__ import annotations

import logging
import os
from typing import Literal

import torch
from lightning_fabric import Fabric

from medtrans.core.errors import EnvironmentRefused
from medtrans.models.device import find_device
from medtrans.training.settings import TrainingSettings

INTERACTIVE = ("bash", "interactive")
"""Names of interactive SLURM jobs, as Fabric has them: a command in one is a single process."""


def launch(settings: TrainingSettings) -> Fabric:
    """A launched Fabric. Raises UsageError, EnvironmentRefused on a wrong or missing device or number of processes."""
    device = find_device(settings.device)
    each, nodes = _processes()
    logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)
    try:
        fabric = Fabric(
            accelerator=device.type,
            devices=each if each > 1 or device.index is None else [device.index],
            num_nodes=nodes,
            strategy="ddp" if each * nodes > 1 else "auto",
            precision=fastest_precision(device) if settings.precision == "auto" else settings.precision,
        )
        fabric.launch()
    except (RuntimeError, ValueError) as reason:
        detail = (str(reason).splitlines() or [type(reason).__name__])[0]
        advice = "check the options of torchrun or SLURM, or start one process"
        raise EnvironmentRefused("training processes", f"cannot be started ({detail})", advice) from reason
    return fabric


def is_first_process() -> bool:
    """Whether this process is alone, or the first of a parallel training; also before it is launched."""
    each, nodes = _processes()
    by_slurm = os.environ.get("SLURM_PROCID", "0")
    return each * nodes == 1 or os.environ.get("RANK", by_slurm) == "0"


def fastest_precision(device: torch.device) -> Literal["bf16-mixed", "32-true"]:
    """bf16-mixed where the device has bfloat16 instructions."""
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    listed = getattr(torch.cpu, "get_capabilities", dict[str, bool])
    native = device.type == "cpu" and any(listed().get(name) for name in ("avx512_bf16", "amx_bf16"))
    return "bf16-mixed" if native else "32-true"


def _processes() -> tuple[int, int]:
    """(processes on this node, nodes), as started by torchrun or SLURM; one in an interactive job."""
    variables = os.environ
    by_slurm = (
        "SLURM_NTASKS" in variables
        and "WORLD_SIZE" not in variables
        and variables.get("SLURM_JOB_NAME") not in INTERACTIVE
    )
    if by_slurm and variables["SLURM_NTASKS"] != "1" and "SLURM_NTASKS_PER_NODE" not in variables:
        what = f"{variables['SLURM_NTASKS']} processes were started without a number for each node"
        raise EnvironmentRefused("SLURM", what, "give --ntasks-per-node instead of --ntasks")
    if by_slurm:
        each, world = int(variables.get("SLURM_NTASKS_PER_NODE", "1")), int(variables["SLURM_NTASKS"])
    else:
        each, world = int(variables.get("LOCAL_WORLD_SIZE", "1")), int(variables.get("WORLD_SIZE", "1"))
    return (each, max(world // each, 1)) if world > 1 else (1, 1)
