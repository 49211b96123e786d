"""The commands of pipelines/multi_contrast with a contrast missing, on the sample data."""

import numpy as np

from medtrans.catalogue import find_recipe
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages.train import train
from medtrans.stages.translate import translate


def test_whatever_stands_in_for_a_missing_contrast_all_contrasts_come_out(tmp_path):
    recipe = load_recipe(find_recipe("multi_contrast"), ["preparing.spacing=[6, 6, 6]"], quick=True)
    model = train(recipe, tmp_path / "run").model
    T1, T2, other = (recipe.reading.root / f"sub-{name}.nii.gz" for name in ("05_T1", "05_T2", "05_CT"))

    def made(name, first, second, **known):
        (outcome,) = translate([[first, second]], tmp_path / f"{name}.nii.gz", model, conditions=known)
        assert outcome.verdict == "done", outcome.message
        return read_volume(tmp_path / f"{name}.nii.gz").voxels

    by_itself, by_another = (made(name, T1, stands_in, T1=1, T2=0) for name, stands_in in (("a", T1), ("b", other)))
    assert len(by_itself) == 2
    assert np.array_equal(by_itself, by_another)
    real = read_volume(T1).voxels[0]
    assert np.corrcoef(by_itself[0].ravel(), real.ravel())[0, 1] > 0.9, "the one that is there is handed on"
    assert not np.array_equal(made("c", T1, T2, T1=1, T2=1)[0], by_itself[0]), "both there: each from the other"
