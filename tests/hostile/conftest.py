"""Inputs of all commands, and what stands for their slowest parts."""

import functools

import pytest

from medtrans.metrics.image.ms_ssim import MSSSIM
from medtrans.phantoms import cohort as phantom_cohort
from medtrans.reporting import page
from medtrans.stages import _run_page, audit, compare, evaluation_page
from tests.hostile.commands import cohort, command, image_sets, sampler
from tests.hostile.saved_files import PAGE


def once(paint):
    """Each head is painted once in each contrast."""
    painted = {}

    def paint_once(head, contrast, rng, **how):
        key = (id(head), contrast, str(rng.bit_generator.state), str(how))
        if key not in painted:
            painted[key] = paint(head, contrast, rng, **how)
        return painted[key]

    return paint_once


@pytest.fixture(scope="module")
def plain_pages():
    """Pages are not drawn, the slowest metric is not computed, and synthetic heads are made only once: what is tested
    is how they are written."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (_run_page, evaluation_page):
            patch.setattr(module, "evaluation_report", lambda *_, **__: None)
        patch.setattr(_run_page, "displayed_cases", lambda *_: ([], []))
        patch.setattr(page, "render", lambda _: PAGE)
        patch.setattr(MSSSIM, "__call__", lambda *_: 0.5)
        patch.setattr(compare, "render_comparison", lambda *_: PAGE)
        patch.setattr(audit, "audit_page", lambda *_: PAGE)
        make_head = functools.cache(phantom_cohort.make_head)
        patch.setattr(
            phantom_cohort,
            "make_head",
            lambda seed, *, shape, spacing, **_: make_head(seed, shape=shape, spacing=spacing),
        )
        patch.setattr(phantom_cohort, "paint", once(phantom_cohort.paint))
        yield


@pytest.fixture(scope="module")
def inputs(plain_pages, tmp_path_factory):
    """Small inputs of all commands, and two finished runs."""
    folder = tmp_path_factory.mktemp("inputs")
    recipe = cohort(folder / "cohort")
    image_sets(folder / "sets")
    sampler(folder / "vae")
    for name in ("one", "two"):
        assert command("run", recipe, "--folder", folder / name) == 0
    return folder
