"""One process or many: Fabric set up for the device asked for, under torchrun, SLURM or neither."""

from __future__ import annotations

import logging
import os
import warnings

import torch
from lightning_fabric import Fabric

from medtrans.core.errors import EnvironmentRefused
from medtrans.training.settings import TrainingSettings


def launch(settings: TrainingSettings) -> Fabric:
    """A launched Fabric. Raises EnvironmentRefused when the device is not there."""
    kind, _, index = settings.device.partition(":")
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if (kind == "cuda" and not torch.cuda.is_available()) or kind not in ("cpu", "cuda", "mps"):
        raise EnvironmentRefused(f"device {settings.device}", "is not available here", "use auto or cpu")
    each, nodes = _processes()
    logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(srun|GPU available but not used|Tensor Cores).*")
        fabric = Fabric(
            accelerator=kind,
            devices=each if each > 1 else ([int(index)] if index else 1),
            num_nodes=nodes,
            strategy="ddp" if each * nodes > 1 else "auto",
            precision=settings.precision,
        )
        fabric.launch()
    return fabric


def _processes() -> tuple[int, int]:
    """(processes on this node, nodes), as torchrun or SLURM started them."""
    each = int(os.environ.get("LOCAL_WORLD_SIZE", os.environ.get("SLURM_NTASKS_PER_NODE", "1")))
    world = int(os.environ.get("WORLD_SIZE", os.environ.get("SLURM_NTASKS", "1")))
    return (each, max(world // each, 1)) if world > 1 else (1, 1)
