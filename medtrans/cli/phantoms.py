"""medtrans phantoms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite, made_files
from medtrans.core.printable import printable

if TYPE_CHECKING:
    from medtrans.phantoms.anatomy import Lesion


@app.command()
def phantoms(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the cases to.")],
    count: Annotated[int, typer.Option(min=1, help="How many heads.")] = 8,
    contrasts: Annotated[str, typer.Option(help="Of T1, T2, FLAIR, PD, CT, labels; separated by commas.")] = "T1,CT",
    spacing: Annotated[float | None, typer.Option(min=0.5, help="Voxel size in millimetres; default: 2.")] = None,
    lesion: Annotated[
        list[str] | None,
        typer.Option(metavar="MM[@R,A,S]", help="A lesion of this diameter, in white matter or at a place in mm."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Use these label maps instead of generated anatomy.")] = None,
    randomised: Annotated[bool, typer.Option(help="Draw another MR contrast for each case.")] = False,
    visits: Annotated[
        int, typer.Option(min=1, help="Visits of each head: lesions and ventricles change, and so does the scanner.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first head; the others count on from it.")] = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make a cohort of synthetic heads of known anatomy."""
    from medtrans.stages.phantoms import phantoms

    lesions = [_lesion(text) for text in lesion or []]
    more = {"lesions": lesions, "randomised": randomised, "visits": visits, "seed": seed, "overwrite": overwrite}
    paths = phantoms(output, count, contrasts.split(","), spacing, labels, **more)  # type: ignore[arg-type]
    print(made_files(paths) if as_json else "\n".join(printable(str(path)) for path in paths))


def _lesion(text: str) -> Lesion:
    from medtrans.phantoms.anatomy import Lesion

    try:
        diameter, *place = (float(mm) for mm in text.replace("@", ",", 1).split(","))
        r, a, s = place or (0.0, 0.0, 0.0)
    except ValueError:
        raise typer.BadParameter(f"--lesion {text} is not MM or MM@R,A,S, for example 8 or 8@30,-20,15") from None
    return Lesion(diameter, (r, a, s) if place else None)
