"""Method of a run: its paper, its networks with their weights, and the terms that each player minimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.method import Method
from medtrans.core.term import Term
from medtrans.methods import load as load_method
from medtrans.networks._settings import NetworkSettings
from medtrans.reporting.paragraphs.words import in_brackets, is_on, listed, value_text, words
from medtrans.reporting.run_record import FROZEN, RunRecord

NETWORKS = {
    "unet": "U-Net",
    "resnet": "ResNet",
    "pix2pix_unet": "U-Net of pix2pix",
    "residual_unet": "residual-encoder U-Net",
    "residual_encoder_unet": "residual-encoder U-Net of nnU-Net",
    "class_means": "mean of class intensities by the probabilities of a U-Net",
    "time_unet": "time-conditioned U-Net",
    "patch_discriminator": "PatchGAN",
    "multiscale_discriminator": "multi-scale PatchGAN",
}
"""Networks in words; others by their name."""


def objective_sentences(run: RunRecord) -> list[str]:
    """Terms are those that the journal has; settings, those that have an effect."""
    table = run.settings["method"]
    kind = load_method(table["name"])
    frozen = run.card.get(FROZEN, {})
    settings = kind.Settings.from_dict({key: value for key, value in table.items() if key != "name"}, "method")
    return [
        _method(kind, settings, table),
        *_networks(kind, settings, table),
        *(f"The {words(role)} was the trained model {name}, held fixed." for role, name in frozen.items()),
        *_weights(run.card.get("training", {}).get("weights", {})),
        *_objectives(kind.terms(settings), _journal_terms(run)),
    ]


def _method(kind: type[Method], settings: Any, table: Mapping[str, Any]) -> str:
    """Name, paper, and the settings that are neither networks nor part of a term."""
    said = {*kind.unused(settings), *(name for term in kind.terms(settings).values() for name in term.settings)}
    paper = f" ({kind.paper})" if kind.paper else ""
    others = in_brackets(table, without=[*said, *_network_keys(settings)])
    return f"The method was {words(table['name'])}{paper}{others.replace(' (', ', with ', 1).removesuffix(')')}."


def _network_keys(settings: Any) -> list[str]:
    return [key for key, value in vars(settings).items() if isinstance(value, NetworkSettings)]


def _networks(kind: type[Method], settings: Any, table: Mapping[str, Any]) -> list[str]:
    used = [key for key in _network_keys(settings) if key not in kind.unused(settings)]
    return [f"The {words(key)} was a {_network(table[key])}." for key in used]


def _network(table: Mapping[str, Any]) -> str:
    return NETWORKS.get(table["name"], words(table["name"])) + in_brackets(table)


def _weights(weights: Mapping[str, int]) -> list[str]:
    counts = [f"{count:,} ({words(player)})" for player, count in weights.items()]
    return [f"The number of trained weights was {listed(counts)}."] if counts else []


def _journal_terms(run: RunRecord) -> list[str]:
    names = dict.fromkeys(name for row in run.journal for name in row if "/" in name)
    return [name for name in names if not name.startswith("validation/")]


def _objectives(terms: Mapping[str, Term], found: Sequence[str]) -> list[str]:
    """One sentence for each player. Without a journal, the terms that the settings give."""
    players: dict[str, list[str]] = {}
    for name in found or terms:
        player, _, term = name.partition("/")
        text = _term(terms.get(name) or Term(words(term)))
        if text:
            players.setdefault(player, []).append(text)
    return [f"The {words(player)} minimised {_sum(texts)}." for player, texts in players.items()]


def _sum(texts: Sequence[str]) -> str:
    """Equal terms, such as those of two generators, once."""
    counts = {text: list(texts).count(text) for text in texts}
    return " + ".join(f"{text}, {count} times" if count > 1 else text for text, count in counts.items())


def _term(term: Term) -> str:
    if not is_on("weight", term.weight):
        return ""
    weight = "" if term.weight == 1 else f"{value_text(float(term.weight))} × "
    return f"{weight}{term.text} ({'in the mask' if term.masked else 'whole image'})"
