"""The methods text of real runs, compared with what they wrote: journal, model, sidecars and scores."""

import html
import json
import re

import pytest

from medtrans.catalogue import find_recipe
from medtrans.models.folder import load_model
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.run import run
from medtrans.training.journal import read_journal

QUICK = [
    "training.steps=2",
    "training.device=cpu",
    "evaluating.report_cases=0",
    "reading.test_subjects=[sub-04, sub-05]",
]
CASES = {
    "MR, whole slices, masks": ("t1_to_t2", ["method.generator.channels=[4, 8]", "preparing.slices=3"]),
    "CT, windows, no masks, noise": (
        "mri_to_ct",
        [
            "method={name: diffusion, denoiser: {channels: [8, 8]}, noise_schedule: {steps: 2}}",
            "reading.mask=null",
            "evaluating={preset: synthrad2025, region: body, report_cases: 0}",
            "translating={window: [24, 24, 24], samples: 2, overlap: 0.25, blending: hann}",
            "preparing.spacing=[8, 8, 8]",
            "preparing.patch=[16, 16, 16]",
        ],
    ),
}


@pytest.fixture(scope="module", params=CASES)
def written(request, tmp_path_factory):
    """(text, run folder, recipe)."""
    name, changes = CASES[request.param]
    recipe = load_recipe(find_recipe(name), [*QUICK, *changes], quick=True)
    folder = RunFolder(tmp_path_factory.mktemp("run") / "run")
    run(recipe, folder.path)
    found = re.search(r'id="methods-text"[^>]*>(.*?)</p>', folder.report.read_text(), re.DOTALL)
    return html.unescape(found[1]), folder, recipe


def test_the_text_is_that_of_the_run(written):
    text, folder, recipe = written
    method, _, _ = load_model(folder.model)
    weights = sum(weight.numel() for weight in method.parameters())
    sidecars = [json.loads(path.read_text()) for path in sorted(folder.translations.glob("*.json"))]
    rows = read_journal(folder.journal)
    assert f"was trained for {int(rows[-1]['step'])} optimiser steps" in text
    assert f"trained weights was {weights:,} (" in text
    assert f"n = {len(sidecars)} cases of 2 subjects were scored" in text
    assert ("the mask supplied with each case were set to" in text) is (sidecars[0]["body"]["origin"] == "mask")
    windows = any(any(sidecar["window_borders"]) for sidecar in sidecars)
    assert ("overlapped by" in text) is ("blended" in text) is windows
    assert ("samples, whose standard deviation is the uncertainty (seed" in text) is bool(sidecars[0]["uncertainty"])
    assert ("interpolation" in text) is (recipe.preparing.spacing is not None)
    assert ("scale of the training targets" in text) is bool(sidecars[0]["output"]["target_percentiles"])
    terms = {name.partition("/")[2] for row in rows for name in row if "/" in name and "validation" not in name}
    assert terms == ({"v"} if recipe.method == "diffusion" else {"l1"})
    (objective,) = re.findall("minimised (.*?)[.]", text)
    assert ("(in the mask)" in objective) is (recipe.method != "diffusion")
