import pytest
from pydantic import TypeAdapter

from medtrans.core.errors import UsageError
from medtrans.reading.settings import ImageSettings, ReadingSettings

SOURCE = {"pattern": "*_T1.nii.gz", "modality": "MR"}
TARGET = {"pattern": ["*_a.nii", "*_b.nii"], "modality": "CT"}


def test_settings_come_back_from_plain_values():
    settings = ReadingSettings.from_dict({"source": SOURCE, "target": TARGET, "test_subjects": ["p1"]})
    assert settings.source == ImageSettings(pattern="*_T1.nii.gz", modality="MR")
    assert settings.target.patterns == ("*_a.nii", "*_b.nii")
    assert ReadingSettings.from_dict(settings.to_dict()) == settings


def test_the_modality_of_the_target_is_that_of_the_source_where_there_is_no_target():
    settings = ReadingSettings.from_dict({"source": SOURCE, "target": TARGET})
    assert (settings.source_modality, settings.target_modality) == ("MR", "CT")
    assert ReadingSettings.from_dict({"source": SOURCE}).target_modality == "MR"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"reading\.source: is missing.*write source: \{pattern: '\*_T1.nii.gz', modality: MR\}"),
        ({"source": "*_T1.nii.gz"}, r"reading\.source: '\*_T1.nii.gz' has no modality.*write source: \{pattern"),
        ({"source": {"pattern": "*_T1.nii.gz"}}, r"reading\.source: has no modality.*choose from: CT, MR, PET"),
        ({"source": SOURCE, "target": ["*_CT.nii.gz"]}, r"reading\.target:.*write target: \{pattern"),
        ({"source": SOURCE, "target": {"pattern": "*_CT.nii.gz"}}, r"reading\.target: has no modality"),
        ({"source": {"modality": "MRI"}}, r"modality: invalid value 'MRI'; did you mean 'MR'"),
        ({"source": {"modality": "MR", "patern": "*"}}, "did you mean 'pattern'"),
    ],
)
def test_a_missing_modality_is_refused_with_how_to_write_it(values, message):
    with pytest.raises(UsageError, match=message):
        ReadingSettings.from_dict(values, "reading")


def test_a_label_without_masks_is_refused():
    with pytest.raises(UsageError, match=r"reading\.mask_label: is set, but no masks are"):
        ReadingSettings.from_dict({"source": SOURCE, "mask_label": 2})
    assert ReadingSettings.from_dict({"source": SOURCE, "mask": "*_seg.nii.gz", "mask_label": 2}).mask_label == 2


def test_a_recipe_of_typed_values_is_accepted():
    built = ReadingSettings.nested({"source": SOURCE}, "reading", lambda kind, values, where: kind(**values))
    assert TypeAdapter(ReadingSettings).validate_python(built).source.modality == "MR"
