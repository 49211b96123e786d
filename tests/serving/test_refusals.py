"""What the local page refuses: rebinding, other pages, other users, other folders, bombs, and too much."""

import importlib.util
import zipfile

import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.serving.refusals import MAX_MEMBERS, refuse_bomb, refuse_name
from tests.exporting.conftest import save_tiny
from tests.serving.running import running

HERE = pytest.mark.skipif(
    importlib.util.find_spec("fastapi") is None or importlib.util.find_spec("uvicorn") is None,
    reason="the extra serve is not installed",
)
TRAVERSALS = ["../evil.nii.gz", "..", "a/../../evil.nii.gz", "/etc/evil.nii.gz", "..\\evil.nii.gz", "C:\\evil.nii.gz",
              ".hidden.nii.gz", "a\0.nii.gz", "a\n.nii.gz", "", "a..nii.gz", "x" * 200 + ".nii.gz"]  # fmt: skip
OTHER_KINDS = ["evil.py", "evil.html", "nii.gz.exe", "evil"]
MEGABYTE = 1_000_000


@pytest.mark.parametrize("name", TRAVERSALS + OTHER_KINDS)
def test_a_name_that_is_no_plain_name_of_a_volume_is_refused(name):
    with pytest.raises(UsageError):
        refuse_name(name)


@pytest.mark.parametrize("name", ["a.nii.gz", "Sub 01 (T1).nii", "head.mha", "series.ZIP", "Müller_T1.nrrd"])
def test_plain_names_are_taken(name):
    refuse_name(name)


def bomb(path, members=1, size=100 * MEGABYTE):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"{number}.dcm", bytes(size))
    return path


def test_a_zip_that_unpacks_to_far_more_than_the_limit_is_refused(tmp_path):
    path = bomb(tmp_path / "bomb.zip", size=5 * MEGABYTE)
    assert path.stat().st_size < MEGABYTE
    refuse_bomb(path, 5 * MEGABYTE)
    with pytest.raises(InputRefused, match="unpacks to 5 MB"):
        refuse_bomb(path, MEGABYTE)


def test_a_zip_of_too_many_files_is_refused(tmp_path):
    with pytest.raises(InputRefused, match=f"{MAX_MEMBERS + 1} files"):
        refuse_bomb(bomb(tmp_path / "many.zip", MAX_MEMBERS + 1, 0), MEGABYTE)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serve")
    with running(folder, "-m", save_tiny(folder / "tiny"), "--limit", "1") as server:
        yield server
        assert server.left() == []


@HERE
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "127.0.0.1.evil:{port}"]
)
def test_a_foreign_host_is_refused_even_with_the_token(server, host):
    assert server.ask("GET", "", Host=host.format(port=server.port))[0] == 403


@HERE
def test_both_names_of_this_machine_are_taken(server):
    for name in ("127.0.0.1", "localhost"):
        assert server.ask("GET", "", Host=f"{name}:{server.port}")[0] == 200


@HERE
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}]
)
def test_another_page_in_the_same_browser_is_refused(server, headers):
    assert server.ask("POST", "forget", **headers)[0] == 403


@HERE
@pytest.mark.parametrize("path", ["/", "/state", "/wrong/", "/wrong/state", "//state", "/docs", "/openapi.json"])
def test_without_the_token_there_is_nothing(server, path):
    assert server.ask("GET", path, raw=True)[0] == 404


@HERE
@pytest.mark.parametrize(
    "path", ["../serve.py", "..%2fserve.py", "%2e%2e/server.py", "files/..%2f..%2fpage", "files/state", "page/"]
)
def test_no_other_file_of_the_machine_is_given(server, path):
    assert server.ask("GET", path)[0] == 404


@HERE
@pytest.mark.parametrize("name", ["../evil.nii.gz", "/etc/evil.nii.gz", "evil.py"])
def test_a_volume_is_not_written_elsewhere(server, name, tmp_path):
    (tmp_path / "some").write_bytes(b"content")
    status, answer = server.send(tmp_path / "some", "tiny", name)
    assert status == 400
    assert name in answer["error"]


@HERE
def test_bombs_unknown_models_nothing_and_too_much_are_refused_and_nothing_stays(server, tmp_path):
    large = tmp_path / "large.nii"
    large.write_bytes(bytes(MEGABYTE + 1))
    empty = tmp_path / "empty.nii"
    empty.write_bytes(b"")
    assert server.send(bomb(tmp_path / "bomb.zip"), "tiny")[0] == 422
    assert server.send(large, "tiny")[0] == 413
    assert server.ask("PUT", "volume?name=a.nii&model=tiny", iter([bytes(MEGABYTE)] * 2))[0] == 413
    assert server.send(empty, "tiny")[0] == 422
    assert server.send(large, "../../tiny")[0] == 400
    assert server.state()["state"] == "idle"
    assert server.left() == []


@HERE
def test_answers_say_what_a_browser_may_do_with_them(server):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/{server.token}/")
    answer = connection.getresponse()
    page, headers = answer.read().decode(), answer.headers
    connection.close()
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "http://" not in page
    assert "https://" not in page
