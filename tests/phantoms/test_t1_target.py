import numpy as np

from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.t1_target import t1_target
from medtrans.phantoms.tissues import NUMBER


def test_csf_is_nearly_black_and_grey_matter_has_two_thirds_of_white_matter():
    head = make_head(0, shape=(48, 54, 48), spacing=4.0)
    image, tissues = t1_target(head, np.random.default_rng(0)).voxels[0], head.tissues.voxels[0]
    mean = {name: image[(tissues == NUMBER[name]) & (head.fraction(name) > 0.99)].mean() for name in
            ("CSF", "grey matter", "white matter")}  # fmt: skip
    assert mean["CSF"] < 0.2 * mean["white matter"]
    assert 0.6 < mean["grey matter"] / mean["white matter"] < 0.72
    assert not image[head.mask.voxels[0] == 0].any()
