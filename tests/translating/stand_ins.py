"""Methods that need no training, with preparations and translators for them."""

import nibabel as nib
import numpy as np
import torch
from torch import nn

from medtrans.core.method import Method, Task
from medtrans.core.settings import Settings
from medtrans.methods import load
from medtrans.models.folder import save_model
from medtrans.networks._norms import ChannelNorm
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator


class Fake(Method):
    Settings = Settings

    def __init__(self, task=None, settings=None):
        super().__init__(task or Task(spatial_dims=2), settings or Settings())

    def players(self):
        return {}

    def losses(self, batch):
        yield from ()


class Same(Fake):
    """Returns the middle slice of the first channel; records the shapes of its sources."""

    def __init__(self, slices=1, dims=2, channels=1):
        super().__init__(Task(spatial_dims=dims, source_channels=slices * channels))
        self.middle, self.shapes = slices // 2, []

    def translate(self, source, condition=None):
        self.shapes.append(tuple(source.shape))
        return source[:, self.middle][:, None]


class Convolved(Fake):
    """Two 3-wide convolutions with a channel norm between, drawn once."""

    def __init__(self, dims=3, source_channels=1):
        super().__init__(Task(spatial_dims=dims, source_channels=source_channels))
        kind = nn.Conv2d if dims == 2 else nn.Conv3d
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            first, last = kind(source_channels, 8, 3, padding=1), kind(8, 1, 3, padding=1)
        self.net = nn.Sequential(first, ChannelNorm(), nn.ReLU(), last, nn.Tanh())

    def translate(self, source, condition=None):
        return self.net(source)


def preparation_of(source_modality="CT", target_modality=None, **changes):
    """`target_modality` None takes that of the normalisation: CT for linear, labels for labels, else MR."""
    usual = {"source_normalisation": Linear(), "target_normalisation": Linear(), "body_mask": "none", "slices": 1}
    settings = PreparingSettings(**{**usual, **changes})
    usual_target = {"linear": "CT", "labels": "labels"}.get(settings.target_normalisation.name, "MR")
    return Preparation(settings, source_modality, target_modality or usual_target)


def translator_of(method, settings=None, identity=None, **changes):
    settings = settings or TranslatingSettings()
    return Translator(method, preparation_of(**changes), settings, device="cpu", identity=identity)


def tiny_regression(preparation, seed=0):
    """A real method, small, that `load_model` can build again."""
    return _tiny("regression", "generator", preparation.task(1, 1), seed)


def tiny_segmenter(preparation, seed=0):
    """Likewise, for the labels of the preparation."""
    labels = preparation.settings.target_normalisation.labels
    return _tiny("segmenter", "network", preparation.task(1, len(labels)), seed)


def _tiny(method, network, task, seed):
    kind = load(method)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(task, kind.Settings.from_dict({network: {"name": "unet", "channels": [4, 4, 4]}}))


def ball(shape, channels=1, low=-1024, high=1000, seed=0):
    """A ball of whole numbers in air: float32 (channel, i, j, k)."""
    rng = np.random.default_rng(seed)
    place = np.stack(np.meshgrid(*[np.linspace(-1, 1, side) if side > 1 else [0.0] for side in shape], indexing="ij"))
    inside = (place**2).sum(axis=0) < 0.5
    values = rng.integers(-200, high, (channels, *shape))
    return np.where(inside, values, low).astype(np.float32), inside


def oblique(spacing=(0.9, 1.1, 2.5), turn=0.4, flips=(1, 1, 1)):
    """An affine rotated about two axes, without shear."""
    c, s = np.cos(turn), np.sin(turn)
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x * (np.array(spacing) * np.array(flips))
    affine[:3, 3] = [-71.3, 12.7, 33.1]
    return affine


def save_nifti(path, voxels, affine, codes=(1, 1), dtype=np.int16):
    """Written by nibabel, as a scanner's file would be: channel last."""
    data = voxels[0] if len(voxels) == 1 else np.moveaxis(voxels, 0, 3)
    image = nib.Nifti1Image(data.astype(dtype), affine)
    image.set_sform(affine, codes[0])
    image.set_qform(affine, codes[1])
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


def segmenter(folder, modality):
    """An untrained segmenter of one label that reads images of a modality."""
    scale = Linear(low=-1000.0, high=1000.0)
    preparation = preparation_of(
        modality, source_normalisation=scale, target_normalisation=Labels(labels=(1,)), spatial_dims=2
    )
    kind = load("segmenter")
    settings = kind.Settings.from_dict({"network": {"name": "unet", "channels": [4, 4]}})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_model(folder, kind(Task(spatial_dims=2), settings), preparation, {})
    return folder
