import numpy as np
import pytest
from skimage.restoration import denoise_tv_chambolle

from medtrans import degradations
from medtrans.core.errors import UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import MODALITIES
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all
from medtrans.preparing.geometry import on_grid_of
from medtrans.translating.data_consistency import Measured
from medtrans.translating.total_variation import Gradient, choose_weight, minimise, operator_norm, total_variation
from tests.degradations.images import suited

RNG = np.random.default_rng(0)
RECORDS = {
    "thick_slices": {"millimetres": 3.0, "gap": 0.0, "plane": "axial", "profile": "gaussian"},
    "undersampling": {"acceleration": 3.0, "centre": 0.1, "pattern": "random", "plane": "axial", "seed": 1},
    "sparse_views": {"views": 16},
}


def block(name):
    """A piecewise constant image, what the degradation makes of it, and how."""
    modality = MODALITIES["CT" if degradations.load(name).modalities == ("CT",) else "MR"]
    voxels = np.full((1, 20, 18, 16), modality.no_signal, np.float32)
    voxels[:, 4:15, 5:14, 3:12] = 100.0
    voxels[:, 7:10, 8:11, 5:9] = 200.0
    image, record = Volume(voxels, np.eye(4)), [{"name": name, "parameters": RECORDS[name]}]
    source = on_grid_of(image, degrade_all(image, record, modality), modality.air)
    return image, source, Measured(record, "cubic"), modality


def error(one, other):
    return float(np.sqrt(((one.voxels - other.voxels) ** 2).mean()))


def test_the_transpose_of_the_gradient_is_its_transpose():
    gradient, x, field = Gradient((1, 0.5, 0.7)), RNG.normal(size=(2, 5, 6, 7)), RNG.normal(size=(3, 2, 5, 6, 7))
    assert (gradient(x) * field).sum() == pytest.approx((x * gradient.transpose(field)).sum())
    assert (gradient(x) ** 2).sum() <= gradient.square_norm * (x**2).sum()


@pytest.mark.parametrize("weight", [0.05, 0.2])
def test_without_a_degradation_it_denoises_as_scikit_image_does(weight):
    image = np.zeros((12, 13, 14))
    image[4:9, 3:8, 5:10] = 1
    image += 0.2 * RNG.normal(size=image.shape)
    grid = Volume(image[None], np.eye(4))
    nothing = KnownOperator(degradations.load("blur")(), {"millimetres": 0.0}, grid)
    scale = operator_norm(nothing, grid.voxels.shape) ** 2
    ours = minimise(nothing, lambda _: image[None], image[None], 0.0, weight / scale, 400)
    theirs = denoise_tv_chambolle(image, weight=weight, eps=1e-9, max_num_iter=2000)
    assert ours[0] == pytest.approx(theirs, abs=5e-3)


@pytest.mark.parametrize("name", RECORDS)
def test_a_piecewise_constant_image_is_restored_better_than_by_interpolation(name):
    image, source, how, modality = block(name)
    restored = total_variation(source, how, 1e-3, modality, iterations=150)
    assert restored.shares_grid_with(image)
    assert error(restored, image) < 0.85 * error(source, image)


def test_the_weight_is_that_of_the_smallest_error():
    image, source, how, modality = block("undersampling")
    weights = (1e-6, 1e-3, 1.0)
    errors = {weight: error(total_variation(source, how, weight, modality, iterations=40), image) for weight in weights}
    assert choose_weight([(source, image)], [how], modality, weights, iterations=40) == min(errors, key=errors.get)


def test_what_is_not_linear_is_refused_and_the_linear_ones_are_named():
    image = suited("gamma")
    with pytest.raises(UsageError, match="degraded by gamma, where one linear degradation is needed; linear are aniso"):
        total_variation(image, Measured([{"name": "gamma", "parameters": {}}]), 1e-3, MODALITIES["MR"])
