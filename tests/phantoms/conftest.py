import pytest

from medtrans.phantoms import make_head


@pytest.fixture(scope="session")
def head():
    """A synthetic head of 64 x 72 x 64 voxels of 3 mm, labelled at 1 mm."""
    return make_head(0, shape=(64, 72, 64), spacing=3.0)
