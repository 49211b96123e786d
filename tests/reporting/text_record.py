"""Records of runs that were not run: a real recipe, with the journal, facts and sidecars that it would leave."""

from medtrans.catalogue import find_recipe
from medtrans.methods import load
from medtrans.recipe import load_recipe, make_recipe
from medtrans.reporting.methods_text import run_paragraphs
from medtrans.reporting.run_record import RunRecord

SIZE = {"median": [1.0, 1.0, 2.0], "low": [1.0, 1.0, 2.0], "high": [1.0, 1.0, 2.0]}
DATA = {
    "subjects": {"train": 6, "validation": 1, "test": 2},
    "cases": {"train": 6, "validation": 1, "test": 2},
    "cases with a mask file": {"train": 6, "validation": 1, "test": 2},
    "split": "at random (seed 0)",
    "voxel size": SIZE,
    "field of view": SIZE,
    "resampled": False,
}
MACHINE = {
    "weights": {"generator": 1234567},
    "device": "Acme CPU",
    "threads": 4,
    "processes": 1,
    "precision": "32-true",
    "torch": "2.8",
}
BASE = load_recipe(find_recipe("mri_to_ct"), quick=True).to_dict() | {
    "preparing": {"spatial_dims": 2, "slices": 5},
    "method": {"name": "pix2pix"},
    "training": {"steps": 100, "optimizer": "adam", "device": "cpu"},
}
SIDECAR = {
    "body": {"origin": "mask"},
    "window_borders": [[], [], []],
    "model": {"settings": {"window": [], "overlap": 0.5, "blending": "gaussian"}},
    "output": {"target_percentiles": [620.0]},
    "device": "cpu",
    "seconds": 2.0,
}
WINDOWS = SIDECAR | {
    "window_borders": [[4], [], []],
    "model": {"settings": {"window": [32, 32, 32], "overlap": 0.25, "blending": "hann"}},
}


def record(data=None, machine=None, sidecar=None, steps=100, declared=None, **changes):
    """Of BASE with `changes` (stage → keys; a method is replaced whole); the others change facts of the run."""
    merge = {stage: keys if stage == "method" else BASE[stage] | keys for stage, keys in changes.items()}
    recipe = make_recipe(BASE | merge)
    terms = load(recipe.method).terms(recipe.method_settings)
    row = {"step": steps, "seconds": 60.0, **dict.fromkeys(terms, 1.0), "validation/mae": 70.0}
    card = {"data": DATA | (data or {}), "training": MACHINE | (machine or {}), "declared": declared or {}}
    sidecars = [SIDECAR | (sidecar or {})] * 2
    return RunRecord(settings=recipe.to_dict(), card=card, journal=[row], sidecars=sidecars, monitor="mae")


def sentences(run):
    return [sentence for paragraph in run_paragraphs(run) for sentence in paragraph]


def changed(one, other):
    """The sentences of `other` that `one` does not have, and how many it lacks."""
    before, after = sentences(one), sentences(other)
    return [text for text in after if text not in before], len([text for text in before if text not in after])
