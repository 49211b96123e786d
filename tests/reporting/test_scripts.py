import ast
import base64
import gzip
import hashlib
from pathlib import Path

from medtrans.reporting.scripts import FOLDER, scripts

ROOT = Path(__file__).parents[2]


def test_niivue_is_the_one_from_the_registry_and_comes_out_unchanged():
    library = gzip.decompress(base64.b64decode(scripts().niivue))
    assert library == (FOLDER / "niivue.umd.js").read_bytes()
    known = "47b896b77ec4a5be3ef1949c33ad393b6f45629921f326c279000bcf51bdb4af"
    assert hashlib.sha256(library).hexdigest() == known


def test_only_the_pages_own_scripts_may_run():
    allowed = scripts().hashes.split()
    for script in (*scripts().own, (FOLDER / "niivue.umd.js").read_text(encoding="utf-8")):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in allowed
    assert len(allowed) == 3


def test_own_scripts_cannot_end_early():
    assert not any("</script" in script or "<!--" in script for script in scripts().own)


def test_the_licence_is_part_of_the_package():
    assert "Copyright (c) 2021, Niivue" in scripts().licences
    call = ast.parse((ROOT / "setup.py").read_text()).body[-1].value
    data = next(ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "package_data")
    package = ROOT / "medtrans"
    included = {path for pattern in data["medtrans"] for path in package.glob(pattern)}
    assert set(FOLDER.iterdir()) <= included
    assert set((package / "reporting" / "sections").glob("*.html")) <= included
