"""The local page in a real browser: a real volume, a bad one, a worker that is killed, and the end of the server."""

import importlib.util
import io
import os
import signal
import zipfile

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import MRImageStorage as MR

from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.stages.translate import translate
from tests.exporting.conftest import save_tiny
from tests.reading.formats.dicom_files import plain_series, write_series
from tests.reporting.browser import CHROMIUM, Browser
from tests.serving.running import SECONDS, running
from tests.translating.stand_ins import ball

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")),
    reason="the extra serve is not installed",
)
IN_BROWSER = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
"""Half a minute of the processor for all: python -m pytest -m slow tests/serving."""
VOLUME_VIEWER = "document.getElementById('result').contentDocument?.querySelector('.open-viewer')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    save_tiny(folder / "tiny")
    write_volume(Volume(ball((20, 24, 16), low=0)[0], np.diag([2.0, 2, 3, 1])), folder / "real.nii.gz")
    (folder / "bad.nii.gz").write_bytes(b"\x1f\x8b no volume at all")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with running(folder, "-m", folder / "tiny") as server:
        yield server


@pytest.fixture(scope="module")
def browser(folder, server):
    with Browser(folder / "profile") as started:
        started.open(server.address)
        started.until("document.body.dataset.ready === 'yes'", SECONDS)
        yield started
        assert started.complaints == []
        addresses = [one for one in started.requests if not one.startswith(("data:", "blob:", "about:"))]
        assert addresses
        assert all(one.startswith(server.address) for one in addresses)


def send(browser, path):
    browser.choose("#volume", path)
    browser.click("#translate")
    browser.until("!document.getElementById('progress').hidden", SECONDS)


def text(browser, name):
    return browser.js(f"document.getElementById({name!r}).textContent")


@pytest.mark.slow
@IN_BROWSER
def test_a_real_volume_is_translated_shown_and_fetched(browser, server, folder):
    assert browser.js("document.getElementById('model').value") == "tiny"
    send(browser, folder / "real.nii.gz")
    assert server.send(folder / "real.nii.gz", "tiny")[0] == 409, "a queue of one"
    browser.until("!document.getElementById('result').hidden", SECONDS)
    browser.until(f"{VOLUME_VIEWER} && !{VOLUME_VIEWER}.hidden", SECONDS)
    browser.js(f"{VOLUME_VIEWER}.click()")
    browser.until(f"{VOLUME_VIEWER}.getAttribute('aria-expanded') === 'true'", SECONDS)
    assert browser.js("document.querySelectorAll('#files a').length") >= 2
    fetched = folder / "fetched.nii.gz"
    fetched.write_bytes(server.ask("GET", "files/volume")[1])
    translate(folder / "real.nii.gz", folder / "own.nii.gz", folder / "tiny", device="cpu")
    assert np.array_equal(read_volume(fetched).voxels, read_volume(folder / "own.nii.gz").voxels)
    browser.click("#forget")
    browser.until("document.getElementById('result').hidden", SECONDS)
    assert server.left() == []


@pytest.mark.slow
@IN_BROWSER
def test_a_dropped_folder_of_a_dicom_series_gives_a_series(browser, server, folder):
    voxels = ball((20, 24, 16), low=0)[0][0].astype(np.int16)
    write_series(folder / "head" / "slices", plain_series(voxels, Modality="MR", SOPClassUID=MR))
    browser.drop("#drop", folder / "head")
    browser.until("!document.getElementById('translate').disabled", SECONDS)
    assert text(browser, "chosen").startswith("head.zip, 16 files")
    browser.click("#anonymise")
    browser.click("#translate")
    browser.until("document.querySelector('#files a[href=\"files/dicom\"]') !== null", SECONDS)
    status, archive = server.ask("GET", "files/dicom")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(archive)) as made:
        slices = [dcmread(made.open(name)) for name in made.namelist() if name.endswith(".dcm")]
    assert len(slices) == 16
    assert {one.Modality for one in slices} == {"CT"}
    assert {one.PatientIdentityRemoved for one in slices} == {"YES"}
    assert "hold no identity" in text(browser, "findings")
    assert "--" not in text(browser, "findings")
    assert str(folder) not in text(browser, "findings")
    browser.click("#forget")
    browser.until("document.getElementById('ready').hidden", SECONDS)


@pytest.mark.slow
@IN_BROWSER
def test_what_is_wrong_with_a_bad_one_is_said_and_nothing_stays(browser, server, folder):
    send(browser, folder / "bad.nii.gz")
    browser.until("!document.getElementById('error').hidden", SECONDS)
    assert "bad.nii.gz" in text(browser, "error")
    assert "fault of medtrans" not in text(browser, "error")
    assert browser.js("document.querySelectorAll('#files a').length") == 0
    assert server.left() == []


@pytest.mark.slow
@IN_BROWSER
def test_a_killed_worker_is_said_and_the_next_volume_may_come(browser, server, folder):
    send(browser, folder / "real.nii.gz")
    [worker] = server.workers()
    os.kill(worker, signal.SIGKILL)
    browser.until("document.getElementById('error').textContent.includes('signal 9')", SECONDS)
    assert server.left() == []
    send(browser, folder / "real.nii.gz")
    browser.click("#stop")
    browser.until("document.getElementById('error').textContent.includes('stopped')", SECONDS)
    assert server.workers() == []
    assert server.left() == []


def test_the_end_of_the_server_is_the_end_of_its_worker_and_files(folder, tmp_path):
    with running(tmp_path, "-m", folder / "tiny") as server:
        assert server.send(folder / "real.nii.gz", "tiny")[0] == 202
        [worker] = server.workers()
        assert len(server.left()) == 1
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(SECONDS) == 130
        assert "--keep" in server.process.stderr.read()
        assert server.left() == []
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
