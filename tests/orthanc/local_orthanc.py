"""An Orthanc of this test alone: on 127.0.0.1, with its own configuration, ports and folder."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from email.parser import BytesParser
from pathlib import Path

PROGRAMS = ("Orthanc", "/usr/sbin/Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 120


def program():
    """The path of Orthanc; None where it is not installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Orthanc:
    """Ports and requests of a running one."""

    def __init__(self, http, dicom):
        self.http, self.dicom = http, dicom

    def request(self, path, data=None, accept="application/json", content="application/dicom"):
        """The body of an answer, and its content type."""
        headers = {"Accept": accept, **({"Content-Type": content} if data is not None else {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers["Content-Type"]

    def json(self, path):
        return json.loads(self.request(path)[0])

    def retrieve(self, study, series):
        """WADO-RS: the files of a series."""
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        body, kind = self.request(f"/dicom-web/studies/{study}/series/{series}", accept=accept)
        message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        return [part.get_payload(decode=True) for part in message.get_payload()]

    def store(self, files):
        """STOW-RS: the answer to several files."""
        boundary = "medtrans-boundary"
        parts = [
            f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file.read_bytes() + b"\r\n"
            for file in files
        ]
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        return json.loads(self.request("/dicom-web/studies", body, "application/dicom+json", kind)[0])


@contextlib.contextmanager
def running(folder):
    """Orthanc with its DICOMweb plugin, ended with the context."""
    http, dicom = free_port(), free_port()
    settings = {
        "Name": "medtrans-test",
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": http,
        "DicomPort": dicom,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowGet": True,
        "DicomModalities": {"test": ["MEDTRANS", "127.0.0.1", 1]},
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "ConcurrentJobs": 1,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen([program(), str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
        try:
            yield _started(Orthanc(http, dicom), process, folder)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _started(orthanc, process, folder):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            orthanc.json("/system")
            return orthanc
        time.sleep(0.2)
    raise AssertionError("Orthanc did not start:\n" + (folder / "log.txt").read_text()[-2000:])
