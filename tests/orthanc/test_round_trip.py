"""A derived series through a PACS and back: sent by C-STORE and STOW-RS, fetched by WADO-RS and C-GET.

apt install orthanc orthanc-dicomweb && python -m pytest -m orthanc
"""

import io
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.preparing.normalisation.linear import Linear
from medtrans.reading.volumes import read_volume
from tests.orthanc.local_orthanc import PLUGIN, program, running
from tests.reading.formats.dicom_files import plain_series, write_series
from tests.reading.formats.test_dicom_out import IDENTITY
from tests.translating.stand_ins import Same, ball, translator_of

DATA = Path(os.environ.get("MEDTRANS_TEST_DATA", "-")) / "dicom" / "mr_head_t1c"
VOXELS = ball((18, 16, 11))[0][0].astype(np.int16).transpose(1, 0, 2)
pytestmark = [
    pytest.mark.orthanc,
    pytest.mark.skipif(
        program() is None or not PLUGIN.exists(), reason="orthanc and orthanc-dicomweb are not installed (apt)"
    ),
]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with running(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


def axial(folder):
    return write_series(folder / "head", plain_series(VOXELS, **IDENTITY)), translator_of(Same())


def real(folder):
    if not DATA.is_dir():
        pytest.skip("MEDTRANS_TEST_DATA names no folder of real volumes")
    scale = Linear(low=0, high=1000)
    return DATA, translator_of(Same(), source_modality="MR", source_normalisation=scale, target_modality="CT")


SOURCES = {"head": axial, "mr_head_t1c": real}


@pytest.fixture(params=SOURCES)
def series(request, tmp_path):
    """The folder of a derived series, and the series that it was made of."""
    source, translator = SOURCES[request.param](tmp_path / "in")
    anonymous = bool(getattr(request.function, "anonymous", False))
    out = tmp_path / "out"
    [outcome] = translate_files(source, out, translator, file_format="dicom", anonymous=anonymous)
    assert outcome.verdict == "done", outcome.message
    return outcome.output, source


def network():
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (pip)")
    import pynetdicom

    return pynetdicom


def store_by_c_store(server, files):
    """The status of each file."""
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    entity = network().AE(ae_title="MEDTRANS")
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", server.dicom, ae_title="ORTHANC")
    assert association.is_established
    try:
        return [association.send_c_store(pydicom.dcmread(file)).Status for file in files]
    finally:
        association.release()


def fetch_by_c_get(server, study, series):
    """The data sets of a series."""
    from pydicom.dataset import Dataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
    from pynetdicom import build_role, evt
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet

    found = []

    def received(event):
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        found.append(dataset)
        return 0x0000

    entity = network().AE(ae_title="MEDTRANS")
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1",
        server.dicom,
        ae_title="ORTHANC",
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, received)],
    )
    assert association.is_established
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID, query.SeriesInstanceUID = "SERIES", study, series
    try:
        answers = association.send_c_get(query, StudyRootQueryRetrieveInformationModelGet)
        statuses = [status.Status for status, _ in answers if status]
    finally:
        association.release()
    assert statuses[-1] == 0x0000
    return found


def assert_came_back(datasets, folder, tmp_path):
    """Every element is what was written, and the volume lies where it lay."""
    sent = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, sorted(folder.iterdir()))}
    assert {str(one.SOPInstanceUID) for one in datasets} == set(sent)
    back = tmp_path / "back"
    back.mkdir()
    for number, one in enumerate(datasets):
        assert one.to_json_dict() == sent[str(one.SOPInstanceUID)].to_json_dict()
        one.save_as(back / f"{number}.dcm", enforce_file_format=True)
    one, other = read_volume(back), read_volume(folder)
    assert np.array_equal(one.voxels, other.voxels)
    assert np.array_equal(one.affine, other.affine)


def test_a_series_sent_by_c_store_is_found_beside_its_study_and_fetched_by_wado(orthanc, series, tmp_path):
    folder, source = series
    files = sorted(folder.iterdir())
    first = pydicom.dcmread(files[0])
    originals = [file for file in source.iterdir() if file.is_file()]
    if first.SeriesDescription == "SYNTHETIC CT Head":
        assert set(store_by_c_store(orthanc, originals)) == {0x0000}
    assert set(store_by_c_store(orthanc, files)) == {0x0000}
    (found,) = orthanc.json(f"/dicom-web/series?SeriesInstanceUID={first.SeriesInstanceUID}&includefield=all")
    assert found["0020000D"]["Value"] == [str(first.StudyInstanceUID)]
    assert found["00080060"]["Value"] == ["CT"]
    assert found["0008103E"]["Value"] == [str(first.SeriesDescription)]
    if first.SeriesDescription == "SYNTHETIC CT Head":
        of_study = orthanc.json(f"/dicom-web/series?StudyInstanceUID={first.StudyInstanceUID}")
        assert len(of_study) == 2, "the derived series stands beside its source, in one study of one patient"
    retrieved = orthanc.retrieve(first.StudyInstanceUID, first.SeriesInstanceUID)
    assert_came_back([pydicom.dcmread(io.BytesIO(data)) for data in retrieved], folder, tmp_path)


def test_a_series_without_identity_sent_by_stow_is_fetched_by_c_get(orthanc, series, tmp_path):
    network()
    folder, _ = series
    files = sorted(folder.iterdir())
    first = pydicom.dcmread(files[0])
    assert first.PatientIdentityRemoved == "YES"
    answer = orthanc.store(files)
    assert len(answer["00081199"]["Value"]) == len(files)
    assert not answer.get("00081198", {}).get("Value"), "instances that failed"
    datasets = fetch_by_c_get(orthanc, first.StudyInstanceUID, first.SeriesInstanceUID)
    assert_came_back(datasets, folder, tmp_path)


test_a_series_without_identity_sent_by_stow_is_fetched_by_c_get.anonymous = True


def test_the_same_translation_sent_twice_is_one_series(orthanc, series):
    folder, _ = series
    files = sorted(folder.iterdir())
    first = pydicom.dcmread(files[0])
    for _ in range(2):
        assert set(store_by_c_store(orthanc, files)) == {0x0000}
    (found,) = orthanc.json(f"/dicom-web/series?SeriesInstanceUID={first.SeriesInstanceUID}&includefield=00201209")
    assert found["00201209"]["Value"] == [len(files)]
