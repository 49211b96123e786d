"""What a training ran on, and with how many weights: facts for the model card and the methods paragraph."""

from __future__ import annotations

from typing import Any

import torch
from lightning_fabric import Fabric

from medtrans.core.method import Method
from medtrans.reading.processor import processor_name
from medtrans.training.processes import fastest_precision
from medtrans.training.settings import TrainingSettings


def environment(method: Method, settings: TrainingSettings, fabric: Fabric) -> dict[str, Any]:
    """Plain values. `weights`: player → number of its weights; `noise std`: of the noise of a single translation."""
    device = fabric.device
    on_gpu = device.type == "cuda"
    precision = fastest_precision(device) if settings.precision == "auto" else settings.precision
    return {
        "weights": {
            player: sum(weight.numel() for network in networks for weight in network.parameters())
            for player, networks in method.players().items()
        },
        "device": torch.cuda.get_device_name(device) if on_gpu else processor_name(),
        **({} if on_gpu else {"threads": torch.get_num_threads()}),
        **({"noise std": method.single_noise_std} if method.noise_channels else {}),
        "processes": fabric.world_size,
        "precision": precision,
        "torch": torch.__version__,
    }
