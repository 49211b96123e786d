import numpy as np
import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.fields import grid_axes, random_field
from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.methods import load
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Prepared
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.gaussian_mixture import reclassify
from medtrans.translating.prediction import Prediction, mean_of_classes, predict, predict_classes
from medtrans.translating.settings import TranslatingSettings
from tests.translating.stand_ins import Fake, translator_of

MEANS = (0.2, 0.6, 1.0)
"""Of the three tissues."""
HEAD = np.diag([4.0, 4.0, 4.0, 1.0])
"""Voxels that make the phantom as large as a brain."""


def shells(side=40):
    """Three nested tissues in a cube of air: a ball within a shell within another, numbered from the inside."""
    i, j, k = np.indices((side,) * 3) - (side - 1) / 2
    radius = np.sqrt(i * i + j * j + k * k) / side
    return np.select([radius < 0.2, radius < 0.32, radius < 0.45], [1, 2, 3], 0)


def image_of(labels, bias=0.0, noise=0.03, means=MEANS, seed=0):
    rng = np.random.default_rng(seed)
    field = random_field(rng, grid_axes(Volume(labels[None], HEAD)), 90.0)
    image = np.array([0, *means])[labels] * np.exp(bias * field)
    return (image + noise * rng.standard_normal(labels.shape)).astype(np.float32)


def doubtful(labels, wrong=0.15, seed=1):
    """Probabilities of a network that names a tissue beside the true one for a share of the voxels, unsure of all."""
    rng = np.random.default_rng(seed)
    beside = np.where(labels == 2, rng.choice([1, 3], labels.shape), 2)
    named = np.where((labels > 0) & (rng.random(labels.shape) < wrong), beside, labels)
    return np.stack([np.where(named == one, 0.8, 0.1 * (named > 0)) for one in (1, 2, 3)]).astype(np.float32)


def prepared_of(image, affine=None):
    inside = np.ones(image.shape, bool)
    volume = Volume(image[None], HEAD if affine is None else affine)
    return Prepared(image[None], inside, volume.affine, volume, lambda voxels, outside: voxels, background=0.0)


def dice_of(probabilities, labels):
    named = np.concatenate([1 - probabilities.sum(axis=0, keepdims=True), probabilities]).argmax(axis=0)
    return [
        2 * ((named == one) & (labels == one)).sum() / ((named == one).sum() + (labels == one).sum())
        for one in (1, 2, 3)
    ]


def found(probabilities, image, channels=(0, 1, 2)):
    return (reclassify(Prediction(2 * probabilities - 1), prepared_of(image), channels).voxels + 1) / 2


@pytest.mark.parametrize("means", [MEANS, (1.0, 0.6, 0.2), (0.6, 1.0, 0.2)], ids=["rising", "falling", "neither"])
@pytest.mark.parametrize("bias", [0.0, 0.2])
def test_tissues_that_a_network_confuses_are_reclassified_by_their_brightness(means, bias):
    labels = shells()
    before = doubtful(labels)
    after = found(before, image_of(labels, bias, means=means))
    assert min(dice_of(before, labels)) < 0.8
    assert min(dice_of(after, labels)) > 0.97


def test_equal_tissues_keep_what_the_network_said():
    labels = shells()
    before = np.stack([labels == one for one in (1, 2, 3)]).astype(np.float32)
    after = found(before, image_of(labels, means=(0.6, 0.6, 0.6)))
    assert min(dice_of(after, labels)) > 0.97


def test_only_voxels_of_these_labels_change():
    labels = shells()
    before = doubtful(labels)
    after = found(before, image_of(labels), channels=(1, 2))
    others = before[1:].max(axis=0) < 0.5
    assert np.allclose(after[:, others], before[:, others], atol=1e-6)
    assert (after[:, ~others] != before[:, ~others]).any()
    assert np.allclose(after[:, ~others].sum(axis=0), 1, atol=1e-5)


def test_a_hole_that_the_network_left_in_the_tissues_is_filled_and_no_other_background():
    labels = shells()
    before = doubtful(labels)
    before[:, labels == 1] = 0
    after = found(before, image_of(labels))
    assert dice_of(before, labels)[0] < 0.5
    assert after[:, labels == 1].sum(axis=0).min() > 0.99
    assert after[:, labels == 0].max() < 1e-6


def test_probabilities_stay_probabilities_with_voxels_of_any_size():
    labels = shells()
    image, before = image_of(labels), doubtful(labels)
    for spacing in ((0.5, 0.5, 3.0), (1.0, 1.0, 1.0), (5.0, 5.0, 5.0)):
        prepared = prepared_of(image, np.diag([*spacing, 1.0]))
        after = (reclassify(Prediction(2 * before - 1), prepared, (0, 1, 2)).voxels + 1) / 2
        assert after.min() > -1e-5
        assert after.sum(axis=0).max() < 1 + 1e-5
        assert after.dtype == np.float32


def test_few_voxels_are_left_as_they_are():
    labels = shells(12)
    before = 2 * doubtful(labels) - 1
    assert reclassify(Prediction(before), prepared_of(image_of(labels)), (0, 1, 2)).voxels is before


class Doubtful(Fake):
    """Says the same of every image: a tissue by its place, wrong for three voxels in ten."""

    channels = 3

    def __init__(self, labels):
        super().__init__(Task(spatial_dims=3, source_channels=1, target_channels=self.channels))
        self.answer = 2 * doubtful(labels) - 1

    def translate(self, source, condition=None):
        return source.new_tensor(self.answer)[None]


def test_a_translator_tells_labels_apart_where_its_settings_name_them():
    labels = shells(32)
    image = Volume(image_of(labels, noise=0.01)[None] * 1000, HEAD)
    scores = {}
    for numbers in ((), (4, 5, 6)):
        way = {"spatial_dims": 3, "target_normalisation": Labels(labels=(4, 5, 6)), "body_mask": "none"}
        made = translator_of(Doubtful(labels), TranslatingSettings(reclassified=numbers, window=(32, 32, 32)), **way)(
            image
        )
        scores[numbers] = ((made.voxels[0] == labels + 3) & (labels > 0)).sum() / (labels > 0).sum()
    assert scores[()] < 0.9
    assert scores[4, 5, 6] > 0.97


class Means(Doubtful):
    """The same tissues as an image: the mean intensity of what a voxel may be."""

    channels, class_means = 1, (-1.0, 0.0, 0.5, 1.0)

    def classes(self, source, condition=None):
        return super().translate(source)

    def translate(self, source, condition=None):
        probabilities = (self.classes(source) + 1) / 2
        means = source.new_tensor(self.class_means[1:]).reshape(-1, 1, 1, 1)
        return (probabilities * (means + 1)).sum(dim=1, keepdim=True) - 1


def test_the_mean_of_classes_is_taken_after_they_were_reclassified():
    labels = shells(32)
    image = Volume(image_of(labels, noise=0.01)[None] * 1000, HEAD)
    truth = np.array([0, 500, 750, 1000])[labels]
    errors = {}
    for numbers in ((), (1, 2, 3)):
        way = {"spatial_dims": 3, "target_normalisation": Linear(low=0, high=1000), "target_modality": "MR"}
        settings = TranslatingSettings(reclassified=numbers, window=(32, 32, 32))
        made = translator_of(Means(labels), settings, **way)(image)
        assert made.voxels.shape == image.voxels.shape
        errors[numbers] = np.abs(made.voxels[0] - truth)[labels > 0].mean()
    assert errors[()] > 50
    assert errors[1, 2, 3] < 10


def test_classes_that_are_not_reclassified_give_what_the_network_gives():
    kind = load("regression")
    generator = {"name": "class_means", "network": {"channels": [4, 4]}, "means": [-1, -0.2, 0.6]}
    torch.manual_seed(0)
    method = kind(Task(spatial_dims=2, source_channels=1), kind.Settings.from_dict({"generator": generator}))
    translator = translator_of(method, spatial_dims=2)
    _, prepared, conditions, *_ = translator.admitted(Volume(image_of(shells(16))[None], HEAD), None, None, "head")
    window = translator.sliding_window
    expected = predict(method, window, prepared, conditions).voxels
    classes = predict_classes(method, window, prepared, conditions)
    assert classes.voxels.shape == (2, *prepared.mask.shape)
    assert np.allclose(mean_of_classes(classes, method.class_means, prepared, -1.0).voxels, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("numbers", "normalisation", "said"),
    [
        ((7, 8), None, "has no classes"),
        ((7, 30, 31), Labels(labels=(7, 8)), "has 30, 31, which the model does not know"),
        ((7,), Labels(labels=(7, 8)), "has one label, and needs another"),
    ],
)
def test_labels_that_cannot_be_reclassified_are_refused(numbers, normalisation, said):
    preparing = PreparingSettings(**({"target_normalisation": normalisation} if normalisation else {}))
    with pytest.raises(UsageError, match=said):
        TranslatingSettings(reclassified=numbers).assert_fits(preparing, Fake())
