import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.image_scores import definition, score_pair
from medtrans.evaluating.metric_specs import labelled_metrics
from medtrans.evaluating.presets import find_preset
from tests.evaluating.scored_volumes import ct, mask, mr

CT, MR = find_preset("synthrad2023"), find_preset("mr-percentile")


def labels(preset, *specs):
    return [metric.label for metric in labelled_metrics(preset, specs)]


def test_further_metrics_come_after_those_of_the_preset_with_name_and_settings():
    found = labels(CT, "nmi", {"name": "nmi", "bins": 32}, {"name": "tissue_error", "tissue": "bone", "kind": "mean"})
    assert found == ["mae", "psnr", "ssim", "nmi", "nmi[bins=32]", "tissue_error[tissue=bone,kind=mean]"]


def test_a_setting_that_is_the_usual_one_is_not_in_the_label():
    assert labels(CT, {"name": "nmi", "bins": 64})[-1] == "nmi"


def test_a_long_setting_stands_in_the_label_by_its_hash_and_in_the_sentence_in_full():
    tables = [[[-1000, 0], [200, 1.1], [1000, top]] for top in (2, 3)]
    one, other = (labels(CT, {"name": "water_path", "hlut": table})[-1] for table in tables)
    assert one.startswith("water_path[hlut=#")
    assert one != other
    assert len(one) < 30
    *_, metric = labelled_metrics(CT, [{"name": "water_path", "hlut": tables[0]}])
    assert metric.clause.sentence.endswith("Settings: axis j, hlut [[-1000, 0], [200, 1.1], [1000, 2]].")


def test_ranges_are_those_of_the_preset_unless_they_are_set():
    *_, usual = labelled_metrics(MR, ["snr"])
    *_, narrow = labelled_metrics(CT, [{"name": "psnr", "low": -200, "high": 300}])
    assert (usual.label, usual.metric.low) == ("snr", 0)
    assert narrow.label == "psnr[low=-200,high=300]"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("nmii", "did you mean 'nmi'"),
        ({"name": "nmi", "bin": 3}, "nmi: no setting named 'bin'; did you mean 'bins'"),
        ({"bins": 3}, "names no metric"),
        (7, "names no metric"),
        ("calibration", "is a uncertainty metric; give --uncertainty"),
        ("frechet", "is a distribution metric; use medtrans distances"),
        ("mae", "metric mae: is measured already"),
        ("gamma_index", "is for dose only, the preset synthrad2023 is for CT; .* take a preset for dose: dose"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(options, said):
    with pytest.raises(UsageError, match=said):
        labelled_metrics(CT, [options])


@pytest.mark.parametrize("name", ["tissue_error", "bone_dice", "bone_hd95", "electron_density", "water_path"])
def test_what_needs_hounsfield_units_is_refused_for_mr(name):
    with pytest.raises(UsageError, match=f"metric {name}: is for CT only, the preset mr-percentile is for MR"):
        labelled_metrics(MR, [name])


def test_the_definition_tells_what_was_asked_for_and_all_its_settings():
    meaning = definition("synthrad2023", "body", [{"name": "tissue_error", "tissue": "bone"}])
    assert meaning.clauses[:-1] == definition("synthrad2023", "body").clauses
    assert meaning.clauses[-1].sentence.startswith("tissue_error[tissue=bone]: Error in HU of one tissue")
    assert meaning.clauses[-1].sentence.endswith("Settings: tissue bone, kind absolute, of target.")
    assert meaning.clauses[-1].values == {"tissue": "bone", "kind": "absolute", "of": "target"}


def test_scores_carry_label_unit_and_direction_and_use_the_volumes_spacing():
    specs = [{"name": "water_path", "axis": "k"}, "ncc"]
    *_, path, correlation = score_pair(ct().like(ct().voxels + 100), ct(), mask(), "synthrad2023", metrics=specs)
    assert (path.metric.label, path.unit, path.direction) == ("water_path[axis=k]", "mm", "lower")
    assert path.value < 12 * 0.1 * 2
    assert path.value > 12 * 0.04 * 2
    assert (correlation.unit, correlation.direction) == ("", "higher")


def test_mr_metrics_compare_both_on_the_targets_scale():
    first, *_ = (score for score in score_pair(mr(20), mr(), mask(), "mr-percentile", metrics=["gradient_error"])[-1:])
    assert first.unit == "of the target's 99.5th percentile/mm"
    assert 0 < first.value < 0.1
