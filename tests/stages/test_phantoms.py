import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.phantoms.anatomy import Lesion
from medtrans.stages.phantoms import phantoms


def test_an_empty_folder_of_label_maps_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="holds no volume"):
        phantoms(tmp_path, 1, ["T1"], labels=tmp_path)


@pytest.mark.parametrize("own", [{"spacing": 3.0}, {"lesions": [Lesion(8)]}])
def test_label_maps_have_a_voxel_size_and_lesions_of_their_own(own, tmp_path):
    with pytest.raises(UsageError, match="of their own; leave out --spacing and --lesion"):
        phantoms(tmp_path, 1, ["T1"], labels=tmp_path, **own)


def test_an_existing_file_is_replaced_only_with_overwrite(tmp_path):
    own = tmp_path / "sub-00_T1.nii.gz"
    own.write_bytes(b"a volume of the user")
    with pytest.raises(UsageError, match="exists; give --overwrite"):
        phantoms(tmp_path, 1, ["T1"], 8.0)
    assert own.read_bytes() == b"a volume of the user"
    assert own in phantoms(tmp_path, 1, ["T1"], 8.0, overwrite=True)
    assert own.read_bytes() != b"a volume of the user"


@pytest.mark.parametrize(
    ("contrasts", "more", "message"),
    [
        (["T1", "CT"], {}, "which CT in HU has not"),
        (["T1"], {"randomised": True}, "leave out --randomised"),
        (["T1"], {"labels": True}, "leave out --labels"),
    ],
)
def test_what_has_no_follow_up_is_refused(contrasts, more, message, tmp_path):
    more = {key: tmp_path if key == "labels" else value for key, value in more.items()}
    with pytest.raises(UsageError, match=message):
        phantoms(tmp_path, 1, contrasts, visits=2, **more)


def test_every_file_of_a_follow_up_is_planned_before_the_first_is_written(tmp_path):
    own = tmp_path / "visits_T1.csv"
    own.write_text("a table of the user")
    with pytest.raises(UsageError, match="exists; give --overwrite"):
        phantoms(tmp_path, 1, ["T1"], 8.0, visits=2)
    assert [path.name for path in tmp_path.iterdir()] == [own.name]
    made = phantoms(tmp_path, 1, ["T1"], 8.0, visits=2, overwrite=True)
    assert set(made) == set(tmp_path.iterdir())
