"""A change of one setting, or of one fact of a run, changes the sentences about it and no other."""

import pytest

from medtrans.reporting.paragraphs.painting import painting_sentences
from tests.reporting.text_record import SIDECAR, WINDOWS, changed, record, sentences

ALONE = {"target_normalisation": {"name": "percentiles"}, "slices": 1}
CHANGES = [
    # what it starts from, what is changed, the new sentences about it (a part of each)
    (
        {},
        {"data": {"subjects": {"train": 5, "validation": 2, "test": 2}}},
        ["5 for training (6 cases), 2 for validation", "of 2 subjects"],
    ),
    ({}, {"data": {"split": "as given in the table"}}, ["by subject: as given in the table."]),
    (
        {},
        {"sidecar": {"data_consistency": {"before": 0.123, "after": 0.0001}}},
        ["(data consistency): the largest residual of the measurements was 12.30% before and 0.01% after."],
    ),
    (
        {},
        {"sidecar": {"posterior_sampling": {"degradation": "blur", "noise": 0.01, "residual": 0.012, "gain": 1.1}}},
        ["given the measurements of the source (blur) with a noise of 1.00% of their norm: the largest residual"],
    ),
    ({}, {"declared": {"scanner": "Acme 3 T"}}, ["Scanner of the training images: Acme 3 T."]),
    ({}, {"declared": {"source": "T1-weighted"}}, ["Source images were MR (T1-weighted) and target images were CT;"]),
    ({}, {"data": {"cases with a mask file": {"train": 4, "validation": 1, "test": 2}}}, ["with 4 of the 6 cases"]),
    (
        {},
        {"data": {"cases with a mask file": {"train": 0, "validation": 0, "test": 0}}},
        ["was the body, dilated by 3"],
    ),
    ({}, {"preparing": {"source_normalisation": {"name": "zscore"}}}, ["the mean in the body became 0"]),
    ({}, {"preparing": {"target_normalisation": {"name": "linear", "high": 2000}}}, ["−1024 … 2000 HU to −1 … 1"]),
    ({}, {"reading": {"follow_up": {}}}, ["The source was an earlier visit of a person, the target the next one."]),
    (
        {},
        {"reading": {"follow_up": {"pairs": "all", "direction": "harmonise"}}},
        ["The target was an earlier visit of a person, the source each later one: the translation has its look."],
    ),
    ({}, {"preparing": {"slices": 1}}, ["single axial slices (2D)"]),
    ({}, {"preparing": {"plane": "coronal"}}, ["5 adjacent coronal slices"]),
    ({}, {"preparing": {"patch": [64, 64]}}, ["patches of 64 × 64 voxels were centred on random voxels of the mask"]),
    ({}, {"preparing": {"augmentation": [{"name": "rotation", "degrees": 5}]}}, ["comprised rotation (degrees 5)."]),
    ({}, {"method": {"name": "pix2pix", "l1": 50}}, ["50 × mean absolute error (in the mask)"]),
    ({}, {"method": {"name": "pix2pix", "l1": 0}}, ["minimised non-saturating adversarial loss (whole image)."]),
    ({}, {"method": {"name": "pix2pix", "feature_matching": 10}}, ["+ 10 × differences of features"]),
    (
        {"method": {"name": "cyclegan"}, "preparing": {"slices": 1}},
        {"method": {"name": "cyclegan", "structure": "mind"}},
        ["5 × distance of the modality independent neighbourhood descriptors (MIND)"],
    ),
    ({}, {"training": {"batch": 2}}, ["with a batch size of 2."]),
    (
        {},
        {"training": {"optimizer": "adamw", "weight_decay": 0.01}},
        ["AdamW (β₁ = 0.5, β₂ = 0.999, weight decay 0.01)"],
    ),
    ({}, {"training": {"optimizer": "rmsprop", "betas": [0, 0.9]}}, ["RMSProp (decay 0.9)"]),
    ({}, {"training": {"schedule": "cosine"}}, ["falling to zero as a cosine"]),
    ({}, {"training": {"warm_up": 10}}, ["after 10 steps of linear warm-up"]),
    ({}, {"training": {"clip": 1.0}}, ["Gradient norms were clipped to 1."]),
    ({}, {"training": {"ema_decay": 0.5}}, ["in step k, up to 0.5."]),
    ({}, {"training": {"accumulate_grad_batches": 2}}, ["gradients accumulated over 2 batches"]),
    ({}, {"training": {"balance": "tumour"}}, ["from the classes of the column 'tumour' of the table"]),
    ({}, {"training": {"lesion_weight": 10.0}}, ["Voxels of lesions had 10 times the weight"]),
    ({}, {"training": {"seed": 3}}, ["The random seed was 3."]),
    (
        {},
        {"training": {"minutes": 1.0}, "steps": 60},
        ["60 optimiser steps of at most 100, the limit of 1 min", "0.87", "step 60"],
    ),
    (
        {"training": {"warm_up": 200, "learning_rate": 1e-3}},
        {"steps": 50},
        ["50 optim", "to 0.00025.", "0.847", "step 50"],
    ),
    ({"sidecar": WINDOWS}, {"sidecar": SIDECAR}, ["Volumes were translated slice by slice, in whole slices."]),
    ({}, {"sidecar": WINDOWS}, ["of 32 × 32 × 32 voxels, which overlapped by 25% and were blended with hann weights."]),
    (
        {},
        {"sidecar": {"body": {"origin": "found"}}},
        ["outside of the body found in the source, dilated by 3 mm were set to"],
    ),
    ({}, {"sidecar": {"body": None}}, []),
    ({}, {"translating": {"samples": 4}}, []),
    (
        {
            "method": {"name": "segmenter"},
            "reading": {"target": {"pattern": "*_labels.nii.gz", "modality": "labels"}},
            "preparing": {"target_normalisation": {"name": "labels", "labels": [7, 8, 9]}},
            "evaluating": {"preset": "mr-percentile"},
        },
        {"translating": {"reclassified": [7, 8, 9]}},
        ["Labels 7, 8 and 9 were classified again by a Gaussian mixture"],
    ),
    (
        {"preparing": {"target_normalisation": {"name": "linear", "low": 0, "high": 850}}},
        {"translating": {"keeps_t1": True}},
        ["A source that was T1-weighted already"],
    ),
    (
        {"preparing": {"spacing": [1, 1, 1]}, "data": {"resampled": True}},
        {"preparing": {"interpolation": "linear"}},
        ["resampled to 1 × 1 × 1 mm by linear interpolation"],
    ),
]


def merged(base, change):
    nested = {key for key in change if isinstance(change[key], dict) and key not in ("method", "sidecar")}
    return base | {key: base.get(key, {}) | change[key] if key in nested else change[key] for key in change}


@pytest.mark.parametrize(("base", "change", "parts"), CHANGES, ids=lambda value: str(value)[:60])
def test_a_change_changes_the_sentences_about_it_and_no_other(base, change, parts):
    new, _ = changed(record(**base), record(**merged(base, change)))
    assert len(new) == len(parts), new
    for part in parts:
        assert any(part in sentence for sentence in new), (part, new)


@pytest.mark.parametrize(
    ("base", "idle"),
    [
        ({}, {"translating": {"overlap": 0.75}}),
        ({}, {"translating": {"blending": "hann"}}),
        ({}, {"translating": {"seed": 5}}),
        ({}, {"translating": {"batch": 1}}),
        ({}, {"preparing": {"interpolation": "linear"}}),
        ({"preparing": {"spacing": [1, 1, 2]}}, {"preparing": {"interpolation": "linear"}}),
        ({}, {"training": {"workers": 1}}),
        ({}, {"training": {"weight_decay": 0.0}}),
        ({"method": {"name": "regression"}}, {"method": {"name": "regression", "segmenter_feature_weight": 9}}),
        (
            {"method": {"name": "cyclegan"}, "preparing": {"slices": 1}},
            {"method": {"name": "cyclegan", "structure_weight": 9}},
        ),
        (
            {"method": {"name": "multi_contrast", "adversarial": 0}, "reading": {"target": None}},
            {"method": {"name": "multi_contrast", "adversarial": 0, "gan_loss": "hinge"}},
        ),
    ],
    ids=str,
)
def test_a_setting_without_effect_is_not_in_the_text(base, idle):
    if base.get("reading"):
        base = base | {"preparing": ALONE, "evaluating": {"preset": "mr-percentile"}}
    assert changed(record(**base), record(**merged(base, idle))) == ([], 0)


def test_samples_and_their_seed_are_said_of_methods_that_take_noise():
    stochastic = {"method": {"name": "diffusion"}, "machine": {"noise std": 1.0}}
    one = record(**stochastic)
    assert "Each translation is a single sample, from noise of standard deviation 1 (seed 0)." in sentences(one)
    new, lacking = changed(one, record(**stochastic, translating={"samples": 4, "seed": 7}))
    assert new == ["Each translation is the mean of 4 samples, whose standard deviation is the uncertainty (seed 7)."]
    assert lacking == 1


def test_an_mr_target_is_brought_back_to_the_scale_of_the_training_targets():
    target = {"target_normalisation": {"name": "percentiles"}}
    run = record(
        reading={"target": {"pattern": "*_T2.nii.gz", "modality": "MR"}},
        preparing=target,
        evaluating={"preset": "mr-percentile"},
    )
    text = " ".join(sentences(run))
    assert "to the scale of the training targets (median 99.5th percentile in the body: 620)" in text
    assert "set to 0." in text
    assert "to the scale of the training targets" not in " ".join(sentences(record()))


def test_an_unpaired_method_says_that_pairs_were_not_used():
    text = " ".join(sentences(record(method={"name": "cut"}, preparing={"slices": 1})))
    assert "their pairing was not used in training" in text
    assert "The method was cut (Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651)" in text


def test_paintings_say_what_is_drawn_more_often_and_what_keeps_its_contrast():
    painting = {"target": "T1", "contrasts": ["T1", "T1", "CT"], "new_skulls": False, "items_per_draw": 4, "seed": 0}
    text = painting_sentences(painting, None)
    assert "Half of the sources were T1 (2 in 3) and CT of random scanners" in text
    assert "without noise and blur" not in text
    assert "looks like a T1 is itself" in painting_sentences({**painting, "keeps_t1": True}, None)
