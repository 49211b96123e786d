"""A toy cohort for the tests of items and batches."""

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.pairing import PAIRINGS, Paired
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms.elastic import Elastic
from medtrans.preparing.transforms.flip import Flip
from medtrans.preparing.transforms.rotation import Rotation
from medtrans.preparing.transforms.scaling import Scaling
from medtrans.preparing.transforms.translation import Translation
from tests.preparing.phantom_volumes import ball

TRANSFORMS = (
    Flip(),
    Rotation(degrees=25),
    Scaling(strength=0.2),
    Translation(millimetres=2),
    Elastic(millimetres=0.2),
)


def smooth(shape, seed):
    """A body whose values change slowly, so that interpolation commutes with a linear map."""
    axes = np.ix_(*[np.linspace(-1, 1, side) for side in shape])
    values = 200 + 80 * axes[0] + 60 * axes[1] - 40 * axes[2] + 10 * seed
    return Volume(np.where(ball(shape), values, 0).astype(np.float32)[None], np.diag([1.0, 1.2, 2.0, 1.0]))


def dataset(pairing="paired", seed=3, divisor=1, **settings):
    """Target = half of the source, both normalised by the same line, over two cases of different size."""
    linear = Linear(low=0, high=500)
    preparing = PreparingSettings(source_normalisation=linear, target_normalisation=linear, **settings)
    preparation, sources, targets = Preparation(preparing, "MR", "MR"), [], []
    for number, shape in enumerate([(20, 22, 18), (17, 25, 14)]):
        source = smooth(shape, number)
        sources.append(preparation.prepare_source(source))
        targets.append(preparation.prepare_target(source.like(source.voxels / 2), body=preparation.body_mask(source)))
    return PatchDataset(PAIRINGS[pairing](sources, targets), preparing, seed=seed, divisor=divisor)


def labelled(foreground, seed=3, **settings):
    """Sources that number their voxels; label 1 is a large block, label 2 has eight voxels, in the first case alone.

    The third case has no label; it is left out where every item has one.
    """
    linear = Linear(low=0, high=10000)
    preparing = PreparingSettings(
        source_normalisation=linear, target_normalisation=Labels(labels=(1, 2)), body_mask="none", **settings
    )
    preparation, sources, targets = Preparation(preparing, "MR", "labels"), [], []
    for number in range(3):
        labels = np.zeros((1, 20, 22, 18))
        labels[0, 4:10, 5:12, 3:9] = number < 2
        labels[0, 14:16, 14:16, 12:14] = 2 * (number == 0)
        source = Volume(np.arange(labels.size, dtype=np.float32).reshape(labels.shape), np.eye(4))
        sources.append(preparation.prepare_source(source))
        targets.append(preparation.prepare_target(source.like(labels), body=preparation.body_mask(source)))
    data = Paired(sources[:2], targets[:2]) if foreground == 1 else Paired(sources, targets)
    return PatchDataset(data, preparing, seed=seed, foreground=foreground)
