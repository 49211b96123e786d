import re
from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.evaluating.folders import evaluate_paths
from medtrans.evaluating.results import to_csv, to_text
from medtrans.evaluating.scoring import definition
from medtrans.evaluating.segmentation.structures import direction, is_single_class
from medtrans.evaluating.segmentation.task import CEILING, SegmentationTask, from_files, read_labels
from medtrans.reading.files import write_volume
from tests.evaluating.segmentation.label_maps import AFFINE, CLASSES, DIAGONAL, organs, volume, with_spleen, without

AGREE = ("dice", "surface_dice")


def judge(made, real=None, classes=CLASSES, **more):
    """The scores of one case, metric → score, whose images are label maps themselves."""
    themselves = SegmentationTask(classes, "label maps", lambda _, image: image, lambda _, image: image)
    judge = replace(themselves, **more)
    found = judge.structures("p1", "s1", {"translated": volume(made)}, volume(organs() if real is None else real))
    _, _, scores = judge.told(definition("synthrad2025"), found)
    return {(score.system, score.metric): score for score in scores}


def own(scores, metric):
    return scores["translated", metric].value


def test_a_map_is_perfect_on_itself():
    scores = judge(organs())
    for name in ("liver", "kidneys", "mean"):
        assert [own(scores, f"{kind}[{name}]") for kind in (*AGREE, "hd95")] == [1, 1, 0]
    assert own(scores, "volume_error[liver]") == own(scores, "volume_error_percent[liver]") == 0
    assert own(scores, "classes[missed]") == own(scores, "classes[invented]") == 0


def test_a_missed_organ_never_scores_well():
    scores = judge(without(1))
    assert [own(scores, f"{kind}[liver]") for kind in AGREE] == [0, 0]
    assert own(scores, "hd95[liver]") == pytest.approx(DIAGONAL)
    assert own(scores, "volume_error_percent[liver]") == 100
    assert own(scores, "dice[mean]") == pytest.approx(0.5)
    assert own(scores, "hd95[mean]") == pytest.approx(DIAGONAL / 2)
    assert scores["translated", "classes[missed]"].note.endswith("though in the target: liver")


def test_a_voxel_or_two_are_no_organ_found():
    labels = without(1)
    labels.flat[np.flatnonzero(organs() == 1)[0]] = 1
    scores = judge(labels)
    assert own(scores, "classes[missed]") == 1
    assert own(scores, "dice[liver]") < 0.05
    assert "less than 10% of it found" in scores["translated", "classes[missed]"].note


def test_a_map_without_any_organ_is_the_worst_there_is():
    scores = judge(0 * organs())
    assert (own(scores, "dice[mean]"), own(scores, "surface_dice[mean]")) == (0, 0)
    assert own(scores, "hd95[mean]") == pytest.approx(DIAGONAL)
    assert own(scores, "classes[missed]") == 2


def test_an_invented_organ_is_counted_and_costs_as_much_as_a_missed_one():
    scores = judge(with_spleen())
    assert own(scores, "classes[invented]") == 1
    assert scores["translated", "classes[invented]"].note == "invented, not in the target: spleen"
    assert own(scores, "dice[spleen]") == 0
    assert own(scores, "dice[mean]") == pytest.approx(2 / 3)
    assert own(scores, "volume_error[spleen]") == pytest.approx(3 * 4 * 4 * 12 / 1000)
    share = scores["translated", "volume_error_percent[spleen]"]
    assert np.isnan(share.value)
    assert "not in the target" in share.note


def test_no_nan_without_a_reason_and_no_class_swallowed():
    scores = judge(without(1), real=with_spleen())
    assert all(score.note for score in scores.values() if np.isnan(score.value))
    assert {f"dice[{name}]" for name in CLASSES} <= {metric for _, metric in scores}


def test_a_class_in_no_map_is_named_and_left_out():
    same = SegmentationTask(CLASSES, "label maps", lambda _, image: image, lambda _, image: image)
    found = same.structures("p1", "s1", {"translated": volume(organs())}, volume(organs()))
    meaning, there, scores = same.told(definition("synthrad2025"), found)
    assert "Structures in no label map: spleen." in meaning.details
    assert {one.name for one in there} == {"liver", "kidneys"}
    assert not any("spleen" in score.metric for score in scores)


def test_a_class_that_one_case_lacks_is_nan_there_with_its_reason():
    same = SegmentationTask(CLASSES, "label maps", lambda _, image: image, lambda _, image: image)
    found = []
    for case, labels in (("p1", organs()), ("p2", with_spleen())):
        found += same.structures(case, case, {"translated": volume(labels)}, volume(labels))
    _, _, scores = same.told(definition("synthrad2025"), found)
    lacking, having = (score for score in scores if score.metric == "dice[spleen]")
    assert (np.isnan(lacking.value), lacking.note) == (True, "spleen: in neither label map")
    assert having.value == 1


def test_the_order_of_classes_and_their_numbers_do_not_matter():
    made = np.roll(organs(), 1, axis=0)
    expected = judge(made)
    names = dict(reversed(CLASSES.items()))
    turned = np.array([0, 7, 3, 2, 4], np.uint8)
    others = {**names, "liver": (7,)}
    found = judge(turned[made], turned[organs()], others)
    for key, score in expected.items():
        assert found[key].value == pytest.approx(score.value, nan_ok=True), key


def test_several_numbers_may_be_one_class():
    swapped = np.array([0, 1, 3, 2], np.uint8)[organs()]
    assert own(judge(swapped), "dice[kidneys]") == 1
    apart = {"right": (2,), "left": (3,)}
    assert own(judge(swapped, classes=apart), "dice[right]") == 0


def test_against_a_reference_the_segmenter_itself_is_the_ceiling():
    scores = judge(without(1), ceiling=lambda _, image: volume(without(2)))
    assert scores[CEILING, "dice[liver]"].value == 1
    assert 0 < scores[CEILING, "dice[kidneys]"].value < 1


def test_the_definition_names_the_judge_and_the_tolerance():
    asked = SegmentationTask(CLASSES, "label maps by me", lambda _, image: image, lambda _, image: image, tolerance=1.5)
    meaning, _, _ = asked.told(definition("synthrad2025"), [])
    assert "Downstream: label maps by me." in meaning.details
    assert any("within 1.5 mm of the other" in sentence for sentence in meaning.details)


def test_a_map_on_another_grid_is_refused():
    with pytest.raises(GridMismatch, match="label map"):
        judge(organs(), ceiling=lambda _, image: volume(organs()[:-1]))


@pytest.mark.parametrize("wrong", [0.5, -1, np.nan, 1e12])
def test_what_is_no_label_map_is_refused(wrong, tmp_path):
    labels = organs().astype(np.float32)
    labels[0, 0, 0] = wrong
    write_volume(volume(labels), tmp_path / "p1.nii.gz")
    with pytest.raises(InputRefused, match="no label map"):
        read_labels(tmp_path / "p1.nii.gz")


def test_labels_saved_as_floating_point_are_read(tmp_path):
    write_volume(volume(organs().astype(np.float64)), tmp_path / "p1.nii.gz")
    found = read_labels(tmp_path / "p1.nii.gz")
    assert found.voxels.dtype.kind == "i"
    assert np.array_equal(found.voxels[0], organs())
    assert np.array_equal(found.affine, AFFINE)


def test_files_are_found_by_the_name_of_the_case(tmp_path):
    write_volume(volume(organs()), tmp_path / "p1.nii.gz")
    assert np.array_equal(from_files(tmp_path)("p1", volume(organs())).voxels[0], organs())
    with pytest.raises(InputRefused, match="has 0 label maps"):
        from_files(tmp_path)("p2", volume(organs()))


def test_one_label_map_is_not_taken_for_several_cases(tmp_path):
    write_volume(volume(organs()), tmp_path / "p1.nii.gz")
    maps = from_files(tmp_path / "p1.nii.gz")
    assert np.array_equal(maps("p1", volume(organs())).voxels, maps("p1", volume(organs())).voxels)
    with pytest.raises(InputRefused, match="is one label map, there are more cases"):
        maps("p2", volume(organs()))


def test_label_maps_that_are_not_there_are_said_to_be_missing(tmp_path):
    with pytest.raises(InputRefused, match="is not there"):
        from_files(tmp_path / "nowhere")


def test_classes_that_no_map_has_are_warned_of():
    with pytest.warns(UserWarning, match="are these their numbers"):
        judge(organs(), classes={"brain": (90,)})


def test_structures_are_pictured_by_the_place_of_their_class():
    same = SegmentationTask(CLASSES, "label maps", lambda _, image: image, lambda _, image: image)
    seen = same.seen("p1", volume(without(1)), volume(organs()))
    assert np.array_equal(seen["target"].voxels[0], np.array([0, 1, 2, 2])[organs()])
    assert np.array_equal(seen["translated"].voxels[0], np.array([0, 0, 2, 2])[organs()])


def test_a_case_without_a_label_map_keeps_its_image_scores_and_is_listed(tmp_path):
    dice = np.random.default_rng(0)
    for case in ("p1", "p2"):
        image = volume(dice.normal(0, 300, organs().shape).astype(np.float32))
        for folder in ("made", "real"):
            write_volume(image, tmp_path / folder / f"{case}.nii.gz")
    write_volume(volume(organs()), tmp_path / "labels" / "p1.nii.gz")
    labels = from_files(tmp_path / "labels")
    judge = SegmentationTask(CLASSES, "label maps", labels, labels)
    found = evaluate_paths(tmp_path / "made", tmp_path / "real", None, "synthrad2023", downstream=judge)
    assert "has 0 label maps" in found.refused["p2"]
    assert {score.case for score in found.scores if score.metric == "mae"} == {"p1", "p2"}
    assert {one.case for one in found.structures} == {"p1"}
    assert "dice[liver]" in to_csv(found).decode()
    assert re.search(r"liver +1 +0 +0 +1\.000", to_text(found))


def test_every_metric_knows_which_way_it_counts():
    assert [direction(name) for name in ("dice[liver]", "hd95[mean]", "classes[missed]", "mae")] == [
        "higher",
        "lower",
        "lower",
        "lower",
    ]
    for (_, metric), score in judge(with_spleen()).items():
        assert direction(metric) == score.direction


def test_a_class_is_told_from_a_mean():
    assert is_single_class("dice[liver]")
    assert not any(map(is_single_class, ("dice[mean]", "classes[missed]", "tissue_error[tissue=bone]", "dice", "mae")))
