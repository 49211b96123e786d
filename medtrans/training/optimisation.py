"""Optimisation state of a training: wrapped networks and one optimiser for each player.

Fabric wraps each network alone, so each player can collect gradients while the weights of the others are fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from medtrans.core.method import Method
from medtrans.core.optimizer import OptimizerName
from medtrans.training.settings import TrainingSettings

OPTIMIZERS: dict[OptimizerName, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


class Optimisation:
    """Networks and optimisers of the players of `method`."""

    def __init__(self, method: Method, settings: TrainingSettings, fabric: Fabric) -> None:
        self.method, self.settings, self.fabric = method, settings, fabric
        self._set_up_networks()
        self.optimizers = {name: self._optimizer(networks) for name, networks in method.players().items()}

    def _set_up_networks(self) -> None:
        """Wrap the networks of players; what a method only holds (pools, attached methods) is merely moved.

        2D networks have the channels last in memory, in which convolutions and norms are faster (docs/decisions/0013).
        """
        players = [network for networks in self.method.players().values() for network in networks]
        trained = {id(weight) for network in players for weight in network.parameters()}
        for name, network in list(self.method.named_children()):
            if self.method.task.spatial_dims == 2:
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            if any(id(weight) in trained for weight in network.parameters()):
                setattr(self.method, name, self.fabric.setup_module(network))
            else:
                network.to(self.fabric.device)

    def _optimizer(self, networks: Sequence[nn.Module]) -> Any:
        weights = [weight for network in networks for weight in network.parameters()]
        chosen = self.settings.chosen_optimizer(self.method.optimizer_for(self.method.settings))
        averages: dict[str, Any] = {"betas": chosen.betas}
        if chosen.name == "rmsprop":
            averages = {"alpha": chosen.betas[1]}
        kind = OPTIMIZERS[chosen.name]
        return self.fabric.setup_optimizers(
            kind(weights, lr=chosen.learning_rate, weight_decay=chosen.weight_decay, **averages)
        )

    def step(self, player: str, learning_rate: float) -> None:
        """Update the weights of `player` by its gradients, and clear these."""
        optimizer = self.optimizers[player]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        if self.settings.clip:
            networks = nn.ModuleList(self.method.players()[player])
            self.fabric.clip_gradients(networks, optimizer, max_norm=self.settings.clip, error_if_nonfinite=False)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint."""
        return {
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "precision": self.fabric.strategy.precision.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
