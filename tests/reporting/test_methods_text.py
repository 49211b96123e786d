import pytest

from medtrans.catalogue import recipes
from medtrans.core.finding import Finding
from medtrans.core.measurement import Measurement
from medtrans.core.score import Evaluation
from medtrans.recipe import load_recipe
from medtrans.reporting.methods_text import methods_text
from medtrans.reporting.recipe_text import _translation, run_sentences
from medtrans.reporting.training_text import training_sentences
from tests.reporting.report_volumes import DEFINITION, scores

SOFTWARE = {"medtrans": "0.1.0", "python": "3.11", "torch": "2.8", "monai": "absent", "nibabel": "5.3"}
FAILED = {"sub-09": Finding(code="x", severity="refuse", where="sub-09", what="is empty")}
READING = {"source": {"pattern": "*_T1.nii.gz", "modality": "MR"}, "target": {"pattern": ["a", "b"], "modality": "CT"}}
PREPARING = {
    "orientation": "RAS",
    "spacing": [1.0, 1.0, 2.5],
    "interpolation": "cubic",
    "source_normalisation": {"name": "percentiles", "low": 0.5},
    "target_normalisation": {"name": "linear"},
    "spatial_dims": 2,
    "plane": "axial",
    "slices": 5,
    "patch": [],
    "body_mask": "otsu",
    "augmentation": [{"name": "flip"}, {"name": "rotation", "degrees": 15.0}],
    "conditions": [],
}
TRAINING = {
    "steps": 10,
    "batch": 4,
    "monitor": "mae",
    "seed": 3,
    "optimizer": "adam",
    "betas": [0.5, 0.999],
    "learning_rate": 2e-4,
    "weight_decay": 0.0,
    "schedule": "linear",
    "precision": "32-true",
    "clock": "wall",
}
TRANSLATING = {"overlap": 0.5, "blending": "gaussian", "samples": 1, "seed": 0}


def text(settings=None, found=None, failed=None, measurements=()):
    evaluation = Evaluation(
        DEFINITION, scores() if found is None else found, failed or {}, measurements=list(measurements)
    )
    return methods_text(evaluation, settings or {}, split="6 train, 0 validation, 2 test", software=SOFTWARE)


def sentences(**preparing):
    settings = {
        "reading": READING,
        "preparing": PREPARING | preparing,
        "method": {"name": "pix2pix", "l1": 100.0},
        "training": TRAINING,
        "translating": TRANSLATING,
    }
    return " ".join(run_sentences(settings, "6 train, 0 validation, 2 test"))


def test_definition_numbers_and_versions_are_in_the_text():
    written = text(failed=FAILED)
    for words in (
        "preset synthrad2023 of medtrans for CT, with the value range −1024 … 3000 (width Q = 4024)",
        "region: body.",
        "MAE: not clipped.",
        "n = 2 cases of 2 subjects were scored; 1 further case could not be scored.",
        "Intervals are 95 % intervals of the mean over subjects by Student's t. Below 40 subjects",
        "copied source",
        "Software: medtrans 0.1.0, python 3.11, torch 2.8.",
    ):
        assert words in written, words


def test_files_that_were_only_scored_have_no_training():
    assert "trained for" not in text()
    assert "baselines" not in text(found=scores(baselines=()))


def test_measured_quantities_are_named():
    measured = [Measurement("a", "a", "mean in the mask", "HU", 1.0, 2.0)]
    assert "Agreement of translation and target is given as bias" in text(measurements=measured)
    assert "for: mean in the mask." in text(measurements=measured)
    assert "Agreement" not in text()


@pytest.mark.parametrize(
    ("preparing", "sentence"),
    [
        ({}, "Volumes were reoriented to RAS and resampled to 1 × 1 × 2.5 mm by cubic interpolation."),
        ({}, "Source intensities were normalised by percentiles in the body (low 0.5), target intensities linearly."),
        ({}, "The network took 5 adjacent axial slices as input channels (2.5D)."),
        ({"slices": 1, "plane": "coronal"}, "The network took single coronal slices (2D)."),
        (
            {"spatial_dims": 3, "patch": [64, 64, 32]},
            "The network took volumes (3D), in training patches of 64 × 64 × 32 voxels.",
        ),
        ({}, "The body mask was obtained by Otsu thresholding."),
        ({"body_mask": "nonzero"}, "The body mask consisted of the nonzero voxels."),
        ({}, "Augmentation comprised flip, rotation (degrees 15)."),
        ({"augmentation": []}, "No augmentation was applied."),
        ({"spacing": None}, "kept on their own voxel grids"),
        ({"conditions": ["slice_thickness"]}, "The model was conditioned on slice_thickness."),
        ({}, "Cases consisted of source images (MR, *_T1.nii.gz) and target images (CT, a, b)."),
        ({}, "no subject is in two sets (6 train, 0 validation, 2 test cases)"),
        ({}, "The method was pix2pix (l1 100)."),
        ({}, "Volumes were translated slice by slice."),
        ({"spatial_dims": 3}, "translated by a sliding window (an overlap of 0.5 and gaussian blending)."),
    ],
)
def test_each_setting_has_its_sentence(preparing, sentence):
    assert sentence in sentences(**preparing)


def test_a_mirrored_mean_has_its_sentence():
    mirrored = [" ".join(_translation(TRANSLATING | {"mirror": way}, PREPARING)) for way in ("none", "left_right")]
    assert ["left and right mirrored" in written for written in mirrored] == [False, True]


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({}, "It was trained for at most 10 optimiser steps, with a batch size of 4."),
        ({"minutes": 2.5}, "10 optimiser steps or 2.5 minutes of wall time, whichever came first,"),
        ({"accumulate_grad_batches": 2}, "with a batch size of 4 and gradients accumulated over 2 batches."),
        ({}, "Adam (β₁ = 0.5, β₂ = 0.999) with a peak learning rate of 0.0002 and a linear schedule,"),
        ({"optimizer": "adamw", "weight_decay": 0.01}, "AdamW (β₁ = 0.5, β₂ = 0.999, weight decay 0.01)"),
        ({"weight_decay": 1e-5}, "Adam (β₁ = 0.5, β₂ = 0.999, weight decay 1e-05)"),
        ({"optimizer": "rmsprop", "betas": [0.0, 0.9]}, "The optimiser was RMSProp (decay 0.9) with a peak learning"),
        (
            {"warm_up": 100, "clip": 1.0},
            "after 100 warm-up steps, in 32-bit precision. Gradient norms were clipped to 1.",
        ),
        ({"ema_decay": 0.99}, "Weights were averaged exponentially (EMA, decay 0.99)."),
        ({}, "The checkpoint with the best validation MAE was used"),
        ({"monitor": "nmi[bins=32]"}, "the best validation nmi[bins=32] was used"),
    ],
)
def test_each_setting_of_the_training_has_its_sentence(training, sentence):
    assert sentence in " ".join(training_sentences(TRAINING | training))


@pytest.mark.parametrize("name", sorted(recipes()))
def test_every_pipeline_has_a_text_without_gaps(name):
    recipe = load_recipe(recipes()[name])
    written = text(recipe.to_dict())
    assert f"The method was {recipe.method} (" in written
    assert f"at most {recipe.training.steps} optimiser steps" in written
    assert "split by subject" in written
    assert f"The random seed was {recipe.training.seed}." in written
    for gap in ("None", "{", "}", "()", "  ", ".."):
        assert gap not in written.replace(" … ", " "), gap
