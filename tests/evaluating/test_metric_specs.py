import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.metric_specs import measures
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.scoring import definition, evaluate
from tests.evaluating.scored_volumes import ct, mask, mr

CT, MR = find_preset("synthrad2023"), find_preset("mr-percentile")


def labels(preset, *also):
    return [measure.label for measure in measures(preset, also)]


def test_what_is_asked_for_comes_after_the_presets_own_under_its_name_and_settings():
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
    *_, measure = measures(CT, [{"name": "water_path", "hlut": tables[0]}])
    assert measure.sentence.endswith("Set to axis j, hlut [[-1000, 0], [200, 1.1], [1000, 2]].")


def test_ranges_are_the_presets_unless_they_are_asked_for():
    *_, usual = measures(MR, ["snr"])
    *_, narrow = measures(CT, [{"name": "psnr", "low": -200, "high": 300}])
    assert (usual.label, usual.metric.low) == ("snr", 0)
    assert narrow.label == "psnr[low=-200,high=300]"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nmii", "did you mean 'nmi'"),
        ({"name": "nmi", "bin": 3}, "nmi: no setting named 'bin'; did you mean 'bins'"),
        ({"bins": 3}, "names no metric"),
        (7, "names no metric"),
        ("calibration", "is a metric of spreads; give --spread"),
        ("frechet", "is a metric of sets of images; use medtrans distances"),
        ("mae", "also: mae: is measured already"),
        ("gamma_index", "is for dose only, the preset synthrad2023 is for CT; .* take a preset for dose: dose"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(asked, said):
    with pytest.raises(UsageError, match=said):
        measures(CT, [asked])


@pytest.mark.parametrize("name", ["tissue_error", "bone_dice", "bone_hd95", "electron_density", "water_path"])
def test_what_needs_hounsfield_units_is_refused_for_mr(name):
    with pytest.raises(UsageError, match=f"also: {name}: is for CT only, the preset mr-percentile is for MR"):
        measures(MR, [name])


def test_the_definition_tells_what_was_asked_for_and_all_its_settings():
    meaning = definition("synthrad2023", "body", [{"name": "tissue_error", "tissue": "bone"}])
    assert meaning.details[:-1] == definition("synthrad2023", "body").details
    assert meaning.details[-1].startswith("tissue_error[tissue=bone]: Error in HU of one tissue")
    assert meaning.details[-1].endswith("Set to tissue bone, kind absolute, of target.")


def test_scores_carry_label_unit_and_direction_and_use_the_volumes_spacing():
    asked = [{"name": "water_path", "axis": "k"}, "ncc"]
    *_, path, correlation = evaluate(ct().like(ct().voxels + 100), ct(), mask(), "synthrad2023", also=asked)
    assert (path.metric, path.unit, path.direction) == ("water_path[axis=k]", "mm", "lower")
    assert path.value < 12 * 0.1 * 2
    assert path.value > 12 * 0.04 * 2
    assert (correlation.unit, correlation.direction) == ("", "higher")


def test_mr_metrics_see_both_on_the_targets_scale():
    first, *_ = (score for score in evaluate(mr(20), mr(), mask(), "mr-percentile", also=["gradient_error"])[-1:])
    assert first.unit == "of the target's 99.5th percentile/mm"
    assert 0 < first.value < 0.1
