import re
from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.score import MetricId
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.results import to_csv, to_text
from medtrans.evaluating.segmentation.class_metrics import COUNTS, OF_CLASSES, is_single_class
from medtrans.evaluating.segmentation.label_maps import from_files, read_labels
from medtrans.evaluating.segmentation.task import UPPER_BOUND, LabelMap, SegmentationTask
from medtrans.reading.volumes import write_volume
from tests.evaluating.segmentation.label_maps import AFFINE, CLASSES, DIAGONAL, organs, volume, with_spleen, without

AGREE = ("dice", "surface_dice")


def themselves(case, image):
    """Images that are label maps."""
    return LabelMap(image)


SAME = SegmentationTask(CLASSES, "label maps", themselves, themselves)


def segmented(made, real=None, classes=CLASSES, **more):
    """The scores of one case, (system, label) → score, whose images are label maps themselves."""
    task = replace(SAME, classes=classes, **more)
    real = volume(organs() if real is None else real)
    found = task.structures("p1", "s1", {"translated": volume(made)}, real).structures
    return {(score.system, score.metric.label): score for score in task.summarise(found).scores}


def own(scores, metric):
    return scores["translated", metric].value


def test_a_map_is_perfect_on_itself():
    scores = segmented(organs())
    for name in ("liver", "kidneys", "mean"):
        assert [own(scores, f"{kind}[{name}]") for kind in (*AGREE, "hd95")] == [1, 1, 0]
    assert own(scores, "volume_error[liver]") == own(scores, "volume_error_percent[liver]") == 0
    assert own(scores, "missed_structures") == own(scores, "invented_structures") == 0


def test_a_missed_organ_never_scores_well():
    scores = segmented(without(1))
    assert [own(scores, f"{kind}[liver]") for kind in AGREE] == [0, 0]
    assert own(scores, "hd95[liver]") == pytest.approx(DIAGONAL)
    assert own(scores, "volume_error_percent[liver]") == 100
    assert own(scores, "dice[mean]") == pytest.approx(0.5)
    assert own(scores, "hd95[mean]") == pytest.approx(DIAGONAL / 2)
    assert scores["translated", "missed_structures"].note.endswith("though in the target: liver")


def test_a_voxel_or_two_are_no_organ_found():
    labels = without(1)
    labels.flat[np.flatnonzero(organs() == 1)[0]] = 1
    scores = segmented(labels)
    assert own(scores, "missed_structures") == 1
    assert own(scores, "dice[liver]") < 0.05
    assert "less than 10% of it found" in scores["translated", "missed_structures"].note


def test_a_map_without_any_organ_is_the_worst_there_is():
    scores = segmented(0 * organs())
    assert (own(scores, "dice[mean]"), own(scores, "surface_dice[mean]")) == (0, 0)
    assert own(scores, "hd95[mean]") == pytest.approx(DIAGONAL)
    assert own(scores, "missed_structures") == 2


def test_an_invented_organ_is_counted_and_costs_as_much_as_a_missed_one():
    scores = segmented(with_spleen())
    assert own(scores, "invented_structures") == 1
    assert scores["translated", "invented_structures"].note == "invented, not in the target: spleen"
    assert own(scores, "dice[spleen]") == 0
    assert own(scores, "dice[mean]") == pytest.approx(2 / 3)
    assert own(scores, "volume_error[spleen]") == pytest.approx(3 * 4 * 4 * 12 / 1000)
    share = scores["translated", "volume_error_percent[spleen]"]
    assert np.isnan(share.value)
    assert "not in the target" in share.note


def test_no_nan_without_a_reason_and_no_class_swallowed():
    scores = segmented(without(1), real=with_spleen())
    assert all(score.note for score in scores.values() if np.isnan(score.value))
    assert {f"dice[{name}]" for name in CLASSES} <= {metric for _, metric in scores}


def test_a_class_in_no_map_is_named_and_left_out():
    found = SAME.structures("p1", "s1", {"translated": volume(organs())}, volume(organs())).structures
    whole = SAME.summarise(found)
    assert "Structures in no label map: spleen." in [clause.sentence for clause in whole.clauses]
    assert {one.name for one in whole.structures} == {"liver", "kidneys"}
    assert not any(score.metric.region == "spleen" for score in whole.scores)


def test_a_class_that_one_case_lacks_is_nan_there_with_its_reason():
    found = []
    for case, labels in (("p1", organs()), ("p2", with_spleen())):
        found += SAME.structures(case, case, {"translated": volume(labels)}, volume(labels)).structures
    scores = SAME.summarise(found).scores
    lacking, having = (score for score in scores if score.metric.label == "dice[spleen]")
    assert (np.isnan(lacking.value), lacking.note) == (True, "spleen: in neither label map")
    assert having.value == 1


def test_the_order_of_classes_and_their_numbers_do_not_matter():
    made = np.roll(organs(), 1, axis=0)
    expected = segmented(made)
    names = dict(reversed(CLASSES.items()))
    turned = np.array([0, 7, 3, 2, 4], np.uint8)
    others = {**names, "liver": (7,)}
    found = segmented(turned[made], turned[organs()], others)
    for key, score in expected.items():
        assert found[key].value == pytest.approx(score.value, nan_ok=True), key


def test_several_numbers_may_be_one_class():
    swapped = np.array([0, 1, 3, 2], np.uint8)[organs()]
    assert own(segmented(swapped), "dice[kidneys]") == 1
    apart = {"right": (2,), "left": (3,)}
    assert own(segmented(swapped, classes=apart), "dice[right]") == 0


def test_against_a_reference_the_segmenter_itself_is_the_ceiling():
    scores = segmented(without(1), of_real=lambda case, image: LabelMap(volume(without(2))))
    assert scores[UPPER_BOUND, "dice[liver]"].value == 1
    assert 0 < scores[UPPER_BOUND, "dice[kidneys]"].value < 1


def test_the_clauses_name_the_origin_and_the_tolerance():
    sentences = [
        clause.sentence for clause in replace(SAME, origin="label maps by me", tolerance=1.5).summarise([]).clauses
    ]
    assert "Segmentation: label maps by me." in sentences
    assert any("within 1.5 mm of the other" in sentence for sentence in sentences)


def test_a_map_on_another_grid_is_refused():
    with pytest.raises(GridMismatch, match="label map"):
        segmented(organs(), of_real=lambda case, image: LabelMap(volume(organs()[:-1])))


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
    assert np.array_equal(from_files(tmp_path)("p1", volume(organs())).volume.voxels[0], organs())
    with pytest.raises(InputRefused, match="has 0 label maps"):
        from_files(tmp_path)("p2", volume(organs()))


def test_one_label_map_is_not_taken_for_several_cases(tmp_path):
    write_volume(volume(organs()), tmp_path / "p1.nii.gz")
    maps = from_files(tmp_path / "p1.nii.gz")
    assert np.array_equal(maps("p1", volume(organs())).volume.voxels, maps("p1", volume(organs())).volume.voxels)
    with pytest.raises(InputRefused, match="is one label map, there are more cases"):
        maps("p2", volume(organs()))


def test_label_maps_that_are_not_there_are_said_to_be_missing(tmp_path):
    with pytest.raises(InputRefused, match="does not exist"):
        from_files(tmp_path / "nowhere")


def test_classes_that_no_map_has_are_warned_of():
    task = replace(SAME, classes={"brain": (90,)})
    found = task.structures("p1", "p1", {"translated": volume(organs())}, volume(organs())).structures
    (finding,) = task.summarise(found).findings
    assert finding.code == "no-class-found"
    assert "check the numbers of the labels" in finding.sentence


def test_structures_are_pictured_by_the_place_of_their_class():
    observed = SAME.class_numbers("p1", volume(without(1)), volume(organs()))
    assert np.array_equal(observed["target"].voxels[0], np.array([0, 1, 2, 2])[organs()])
    assert np.array_equal(observed["translated"].voxels[0], np.array([0, 0, 2, 2])[organs()])


def test_a_case_without_a_label_map_keeps_its_image_scores_and_is_listed(tmp_path):
    rng = np.random.default_rng(0)
    for case in ("p1", "p2"):
        image = volume(rng.normal(0, 300, organs().shape).astype(np.float32))
        for folder in ("made", "real"):
            write_volume(image, tmp_path / folder / f"{case}.nii.gz")
    write_volume(volume(organs()), tmp_path / "labels" / "p1.nii.gz")
    labels = from_files(tmp_path / "labels")
    task = SegmentationTask(CLASSES, "label maps", labels, labels)
    found = evaluate_files(tmp_path / "made", tmp_path / "real", None, "synthrad2023", segmentation=task)
    assert "has 0 label maps" in found.failed["p2"].what
    assert {score.case for score in found.scores if score.metric.name == "mae"} == {"p1", "p2"}
    assert {one.case for one in found.structures} == {"p1"}
    assert "dice[liver]" in to_csv(found).decode()
    assert re.search(r"liver +1 +0 +0 +1\.000", to_text(found))


def test_every_metric_knows_which_way_it_counts():
    directions = {name: direction for name, (_, direction) in {**OF_CLASSES, **COUNTS}.items()}
    assert [directions[name] for name in ("dice", "hd95", "missed_structures")] == ["higher", "lower", "lower"]
    for score in segmented(with_spleen()).values():
        assert directions[score.metric.name] == score.direction


def test_a_class_is_told_from_a_mean():
    assert is_single_class(MetricId("dice", region="liver"))
    others = MetricId("dice", region="mean"), MetricId("missed_structures"), MetricId("mae")
    assert not any(map(is_single_class, (*others, MetricId("tissue_error", (("tissue", "bone"),)))))


def test_baselines_are_compared_only_where_their_label_maps_can_be_made():
    systems = {"translated": volume(organs()), "copied source": volume(without(1))}
    for task, expected in (
        (SAME, ["translated", "copied source"]),
        (replace(SAME, of_any_image=False), ["translated"]),
    ):
        found = task.structures("p1", "p1", systems, volume(organs())).structures
        assert list(dict.fromkeys(one.system for one in found)) == expected


def test_cnr_is_taken_between_classes_of_the_label_map(tmp_path):
    rng, labels = np.random.default_rng(0), organs()
    values = 300.0 * (labels == 1) + 900.0 * (labels == 2) + 50
    for name, noise in {"t": 20, "r": 10}.items():
        image = volume((values + noise * rng.normal(size=labels.shape)).astype(np.float32))
        write_volume(image, tmp_path / f"{name}.nii.gz")
    maps = replace(
        SAME,
        classes={"liver": (1,), "kidney": (2,)},
        of_target=lambda case, image: LabelMap(image.like(labels[None])),
        of_translated=lambda case, image: LabelMap(image.like(labels[None])),
    )
    spec = {"name": "cnr", "tissues": ["liver", "kidney"]}
    files = tmp_path / "t.nii.gz", tmp_path / "r.nii.gz", None
    found = evaluate_files(*files, "mr-percentile", metrics=[spec], segmentation=maps)
    (score,) = [score for score in found.scores if score.metric.name == "cnr"]
    assert score.value == pytest.approx(20 * np.log10(2), abs=0.5)
    alone = evaluate_files(*files, "mr-percentile", metrics=[spec])
    assert "there is none" in next(score.note for score in alone.scores if score.metric.name == "cnr")
