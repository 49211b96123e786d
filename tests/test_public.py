import subprocess
import sys

import medtrans


def test_every_public_name_is_there():
    for name in medtrans.__all__:
        assert getattr(medtrans, name) is not None
    assert set(medtrans.__all__) <= set(dir(medtrans))


def test_the_package_is_imported_without_torch():
    done = subprocess.run(
        [sys.executable, "-c", "import medtrans, sys; print(medtrans.read_volume.__name__, 'torch' in sys.modules)"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "read_volume False\n", done.stderr
