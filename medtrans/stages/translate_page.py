"""Translate one volume into a folder, with a page of its slices and a viewer beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medtrans.batching.outcome import Outcome
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.models.config import read_config
from medtrans.models.zoo import model_folders
from medtrans.reading.volumes import read_volume
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import write_page
from medtrans.reporting.report import Report
from medtrans.reporting.sections.findings import findings_section
from medtrans.reporting.sections.images import images_section
from medtrans.reporting.sections.viewer import viewer_section
from medtrans.stages._chosen_series import chosen_series
from medtrans.stages.translate import translate

PAGE = "page.html"


def translate_with_page(
    source: Path,
    folder: Path,
    models: Sequence[str | Path],
    *,
    device: str = "auto",
    anonymous: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> Outcome:
    """Translate `source`, a volume or a zip of a DICOM series, into `folder`; its page is `folder`/page.html.

    `anonymous` leaves the identity out of a derived DICOM series. What is wrong with the volume is in the outcome.
    Raises UsageError, ModelRefused, EnvironmentRefused.
    """
    with chosen_series(source, None) as chosen:
        [outcome] = translate(chosen.path, folder, models, device=device, anonymous=anonymous, on_progress=on_progress)
        if outcome.verdict == "done" and outcome.output is not None:
            on_progress("viewer", "the page of the images")
            config = read_config(model_folders(models)[0])["preparation"]
            original, translated = read_volume(chosen.path), read_volume(outcome.output)
            case = CaseImages(
                outcome.case,
                original if original.shares_grid_with(translated) else None,
                None,
                translated,
                source_modality=config["source_modality"],
                target_modality=config["target_modality"],
            )
            images = images_section([case], ())
            parts = (findings_section({}, outcome.findings), images, viewer_section(images))
            write_page(folder / PAGE, Report(title=outcome.case, sections=tuple(filter(None, parts))))
        return chosen.outcome(outcome)
