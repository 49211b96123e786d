"""State of the process that libraries share: warning filters, log levels, processor threads. Set by the command line
alone, so that a program that calls medtrans keeps its own."""

from __future__ import annotations

import logging
import warnings

QUIET_LOGGERS = (
    "matplotlib",
    "pydicom",
    "monai.data.image_reader",
    "lightning_fabric.utilities.rank_zero",
    "lightning.fabric.utilities.rank_zero",
)


def quiet_libraries() -> None:
    """Hide what other packages warn of or log about themselves: caches, SLURM, unused devices."""
    warnings.filterwarnings("ignore", module=r"(?!medtrans)")
    for words in ("srun", "GPU available but not used", "Tensor Cores", "Converting a tensor to a Python"):
        warnings.filterwarnings("ignore", message=f".*{words}.*")
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def quiet_bundles() -> None:
    """Hide what MONAI logs about bundles; importing it sets the level."""
    import monai.bundle

    logging.getLogger(monai.bundle.scripts.__name__).setLevel(logging.ERROR)


def use_threads(threads: int | None) -> None:
    """Set the number of processor threads of torch; None leaves its default."""
    if threads:
        import torch

        torch.set_num_threads(threads)
