"""One training step: the players of a method take their turns, over all accumulated batches in lockstep.

In each turn every batch yields the objective of the player, whose mean is back-propagated; only the weights of that
player collect gradients, then its optimiser steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from medtrans.core.method import Batch
from medtrans.training.optimisation import Optimisation

Objectives = Iterator[tuple[str, Mapping[str, Tensor]]]
"""The turns of one batch: (player, the terms of its objective)."""


def train_step(optimisation: Optimisation, batches: Sequence[Batch], learning_rate: float) -> dict[str, Tensor]:
    """Every player's turn. Returns the terms of the objectives, "player/term", averaged over the batches."""
    method = optimisation.method
    objectives = [method.losses(batch) for batch in batches]
    terms: dict[str, Tensor] = {}
    for player in method.turns():
        for name, term in _turn(optimisation, player, objectives).items():
            terms[f"{player}/{name}"] = term
        optimisation.step(player, learning_rate)
    return terms


def _turn(optimisation: Optimisation, player: str, objectives: Sequence[Objectives]) -> dict[str, Tensor]:
    """Back-propagate the objective of `player` for every batch; only its weights collect gradients."""
    players, fabric = optimisation.method.players(), optimisation.fabric
    own = players[player]
    others = [network for name, networks in players.items() if name != player for network in networks]
    for network in others:
        network.requires_grad_(False)
    for network in own:
        network.requires_grad_(True)
    total: dict[str, Tensor] = {}
    for number, turns in enumerate(objectives, 1):
        with contextlib.ExitStack() as unsynchronised:
            for network in others if number == len(objectives) else [*others, *own]:
                unsynchronised.enter_context(fabric.no_backward_sync(network))  # type: ignore[arg-type]
            yielded, terms = next(turns)
            assert yielded == player, f"{yielded} yielded in the turn of {player}"
            total_objective = torch.stack(list(terms.values())).sum()
            fabric.backward(total_objective / len(objectives))
        for name, term in terms.items():
            total[name] = total.get(name, 0) + term.detach() / len(objectives)
    return total
