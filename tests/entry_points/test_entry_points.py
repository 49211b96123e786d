"""Entry points: another installed package adds a network, a method, a metric and a degradation."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

NETWORK = '''
"""Pointwise network: one 1-wide convolution.

https://example.org/pointwise
"""
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from medtrans.networks import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class PointwiseSettings(NetworkSettings):
    role: ClassVar = "generator"
    name: Literal["pointwise"] = "pointwise"
    bias: bool = True

    def build(self, spatial_dims, in_channels, out_channels):
        return (nn.Conv2d if spatial_dims == 2 else nn.Conv3d)(in_channels, out_channels, 1, bias=self.bias)
'''
METHOD = '''
"""Scaled copy: the source times a factor that is learned.

https://example.org/scaled_copy
"""
from dataclasses import dataclass

from torch.nn.functional import l1_loss

from medtrans.core.method import Method
from medtrans.core.settings import Settings
from medtrans.networks._settings import Generator
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class ScaledCopySettings(Settings):
    generator: Generator = UNetSettings()


class ScaledCopy(Method):
    Settings = ScaledCopySettings

    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.G = settings.generator.build(task.spatial_dims, task.source_channels, task.target_channels)

    def players(self):
        return {"generator": [self.G]}

    def losses(self, batch):
        yield "generator", {"l1": l1_loss(self.G(batch.source), batch.target)}

    def translate(self, source, condition=None):
        return self.G(source)
'''
METRIC = '''
"""Overconfidence: the fraction of errors beyond three predicted standard deviations.

https://example.org/overconfidence
"""
from dataclasses import dataclass

from medtrans.core.metric import UncertaintyMetric


@dataclass(frozen=True, kw_only=True)
class Overconfidence(UncertaintyMetric):
    def __call__(self, error, deviation, samples=None):
        return float((abs(error) > 3 * deviation).mean())
'''
DEGRADATION = '''
"""Truncation: values above a level are lost, as in a saturated detector.

https://example.org/truncation
"""
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medtrans.core.degradation import Degradation


@dataclass(frozen=True, kw_only=True)
class Truncation(Degradation):
    name: Literal["truncation"] = "truncation"
    level: float = 0.9

    def draw(self, rng):
        return {"level": float(rng.uniform(self.level, 1))}

    def apply(self, volume, *, level):
        return volume.like(np.minimum(volume.voxels, np.float32(level)))
'''
RECIPE = """
name: with-added-parts
reading: {source: {pattern: "*_T1.nii.gz", modality: MR}, target: {pattern: "*_CT.nii.gz", modality: CT}}
preparing: {augmentation: [{name: flip}, {name: truncation, level: 0.5}, {name: gamma}]}
method: {name: scaled_copy, generator: {name: pointwise, bias: false}}
"""
POINTS = """
[medtrans.networks]
pointwise = medtrans_added.pointwise:PointwiseSettings

[medtrans.methods]
scaled_copy = medtrans_added.scaled_copy:ScaledCopy

[medtrans.metrics]
overconfidence = medtrans_added.overconfidence:Overconfidence

[medtrans.degradations]
truncation = medtrans_added.truncation:Truncation
"""
FILES = {
    "__init__": "",
    "pointwise": NETWORK,
    "scaled_copy": METHOD,
    "overconfidence": METRIC,
    "truncation": DEGRADATION,
}


def install(folder, points=POINTS, name="medtrans-added"):
    """What pip would write for such a package."""
    package = folder / "medtrans_added"
    package.mkdir(exist_ok=True)
    for file, text in FILES.items():
        (package / f"{file}.py").write_text(text.lstrip())
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(textwrap.dedent(points))
    return folder


def python(folder, *arguments):
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)


def medtrans(folder, *arguments):
    return python(folder, "-c", "from medtrans.cli import main; main()", *arguments)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return install(tmp_path_factory.mktemp("site-packages"))


@pytest.mark.parametrize(
    ("family", "name", "source"),
    [
        ("methods", "scaled_copy", "https://example.org/scaled_copy"),
        ("networks", "pointwise", "https://example.org/pointwise"),
        ("metrics", "overconfidence", "https://example.org/overconfidence"),
        ("degradations", "truncation", "https://example.org/truncation"),
    ],
)
def test_the_lists_contain_the_added_part(family, name, source, installed):
    done = medtrans(installed, "list", family, "--json")
    assert done.returncode == 0, done.stderr
    (entry,) = [entry for entry in json.loads(done.stdout) if entry["name"] == name]
    assert entry["source"] == source
    assert entry["summary"]


def test_a_recipe_takes_the_added_parts(installed, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    script = """
import sys
import numpy as np
from medtrans.core.method import Task
from medtrans.methods import load
from medtrans.preparing.augmentation import augment_intensity, draw_intensity
from medtrans.recipe import load_recipe, make_recipe
recipe = load_recipe(sys.argv[1])
settings = recipe.method_settings
assert type(settings).from_dict(settings.to_dict()) == settings
method = load(recipe.method)(Task(), settings)
print(type(method).__name__, type(method.G).__name__, method.G.bias)
assert make_recipe(recipe.to_dict()) == recipe
steps = recipe.preparing.augmentation
(truncation, parameters), _ = draw_intensity(steps, np.random.default_rng(0))
voxels = augment_intensity(np.ones((1, 4, 4), np.float32), [(truncation, parameters)], (1, 1), -1)
assert 0.5 <= parameters["level"] < 1 and np.allclose(voxels, 2 * parameters["level"] - 1)
print(*(type(step).__name__ for step in steps), truncation.level)
"""
    done = python(installed, "-c", script, str(recipe))
    method, augmentation = done.stdout.splitlines() or [done.stderr, ""]
    assert method == "ScaledCopy Conv3d None"
    assert augmentation == "Flip Truncation Gamma 0.5"


@pytest.mark.parametrize(
    ("point", "answer"),
    [
        (
            "unet = medtrans_added.pointwise:PointwiseSettings",
            "adds 'unet' to medtrans.networks, but",
        ),
        ("dot = medtrans_added.pointwise:PointwiseSettings", "the class is named 'pointwise'"),
        ("pointwise = medtrans_added.scaled_copy:ScaledCopy", "is not a NetworkSettings"),
        ("pointwise = medtrans_added.nowhere:Missing", "cannot be imported"),
    ],
)
def test_an_unusable_entry_point_is_refused_in_one_sentence(point, answer, tmp_path):
    install(tmp_path, f"[medtrans.networks]\n{point}\n")
    done = medtrans(tmp_path, "list", "networks")
    assert done.returncode == 5
    assert done.stderr.startswith("medtrans: error: package medtrans-added: adds ")
    assert answer in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_two_packages_with_one_name_are_refused(installed, tmp_path):
    install(tmp_path, "[medtrans.networks]\npointwise = medtrans_added.pointwise:PointwiseSettings\n", "another")
    done = medtrans(os.pathsep.join([str(installed), str(tmp_path)]), "list", "networks")
    assert done.returncode == 5
    assert "that name is taken" in done.stderr
