"""Settings of a training, the same for every method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Ge, Gt, Lt

from medtrans.core.errors import UsageError
from medtrans.core.optimizer import USUAL_BETAS, DecayRate, OptimizerName, OptimizerSettings
from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
    steps: Annotated[int, Ge(1)] = 20000
    """Optimiser steps of each player."""
    minutes: Annotated[float, Gt(0)] | None = None
    """Longest time of the training, if `steps` are not reached before. The schedule then follows the clock,
    so such a run is not repeatable bit for bit."""
    clock: Literal["wall", "cpu"] = "wall"
    """Clock of `minutes`: elapsed time, or CPU time, which does not depend on other work of the machine."""
    batch: Annotated[int, Ge(1)] = 4
    """Items per step, over all processes."""
    balance: str | None = None
    """Column of reading.table with a number for the class of each case, such as 1 with a tumour and 0 without: the
    class of an item is drawn uniformly, then its source and its target, also an unpaired one, from that class. Of a
    class that only sources or only targets have, nothing is drawn. None draws all cases alike."""
    lesion_weight: Annotated[float, Gt(0)] = 1.0
    """Weight of the voxels of lesions (reading.lesion) in the voxel-wise losses of paired methods, relative to those of
    the rest of the body."""
    accumulate_grad_batches: Annotated[int, Ge(1)] = 1
    """Batches whose gradients are averaged before each step, with equal weights, whatever the size of their masks."""
    optimizer: OptimizerName | None = None
    """Optimiser; null, as for the next three keys, is the method's own (`medtrans list methods`). adamw decouples the
    weight decay from the gradient, rmsprop averages squared gradients alone."""
    learning_rate: Annotated[float, Gt(0)] | None = None
    """Highest learning rate, reached after the warm-up."""
    betas: tuple[DecayRate, DecayRate] | None = None
    """Decay rates of the moving averages of gradients and of squared gradients; the first of rmsprop is 0. Where the
    method has adam and the recipe rmsprop, or the reverse, null is [0, 0.9] for rmsprop, [0.9, 0.999] for adam."""
    weight_decay: Annotated[float, Ge(0)] | None = None
    """Weight decay: of adam and rmsprop an L2 term of the gradient."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """linear: constant for the first half, then linear to zero (CycleGAN's); cosine: falls from the start."""
    warm_up: Annotated[int, Ge(0)] = 0
    """Steps over which the learning rate rises from zero."""
    clip: Annotated[float, Gt(0)] | None = None
    """Largest norm of the gradients of a player (gradient clipping)."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "auto"] = "32-true"
    """bf16-mixed is fast on GPUs and on processors with bfloat16 instructions (AVX512-BF16, AMX), auto takes it there
    and 32-true elsewhere, so that results depend on the machine; 16-mixed scales the loss and needs a GPU."""
    ema_decay: Annotated[float, Ge(0), Lt(1)] = 0.999
    """Decay of the exponential moving average of the weights, which is validated and saved; 0 is no averaging."""
    validate_every: Annotated[int, Ge(1)] = 1000
    """Steps between two validations, which translate and score the validation cases."""
    monitor: str = "mae"
    """Metric whose best value in validation selects the saved model: one of the preset, or one of evaluating.metrics by
    its label."""
    checkpoint_every: Annotated[int, Ge(1)] = 500
    """Steps between two checkpoints; an interrupted run resumes from the last."""
    log_every: Annotated[int, Ge(1)] = 20
    """Steps between two rows of journal.csv."""
    tensorboard: bool = False
    """Also write the journal for TensorBoard (extra `tensorboard`), into tensorboard/ of the run folder."""
    workers: Annotated[int, Ge(0)] = 0
    """Processes that prepare batches in advance; 0 prepares them in the training process."""
    start_from: Path | None = None
    """Folder of a trained model whose weights are the initial ones, wherever a layer has the same name and size
    (fine-tuning)."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the initial weights, the batches and all random numbers of a method."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps. Several GPUs: start the command by torchrun or SLURM."""

    def chosen_optimizer(self, proposed: OptimizerSettings) -> OptimizerSettings:
        """The optimiser that a method proposes, with the values that are given here. Raises UsageError."""
        name = self.optimizer or proposed.name
        same_averages = (name == "rmsprop") == (proposed.name == "rmsprop")
        betas = self.betas or (proposed.betas if same_averages else USUAL_BETAS[name])
        if name == "rmsprop" and betas[0]:
            what = f"rmsprop has no moving average of gradients, but the first value is {betas[0]:g}"
            raise UsageError("training.betas", what, "write [0, 0.9], or set training.optimizer: adam")
        return OptimizerSettings(
            name=name,
            learning_rate=self.learning_rate or proposed.learning_rate,
            betas=betas,
            weight_decay=proposed.weight_decay if self.weight_decay is None else self.weight_decay,
        )

    def resolved(self, proposed: OptimizerSettings) -> Self:
        """These settings with the whole optimiser written out. Raises UsageError."""
        values = vars(self.chosen_optimizer(proposed))
        return replace(self, **{"optimizer" if key == "name" else key: value for key, value in values.items()})
