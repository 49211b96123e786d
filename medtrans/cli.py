"""The verbs in the shell. Heavy imports stay inside the functions: `medtrans --help` must not wait for torch."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrans.exits import answer, speak_plainly

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 110},
    help="Translate biomedical images, keep their geometry, and see how far to trust the result.",
    epilog="Exit codes: 0 done, 1 some cases failed, 2 wrong use, 3 input refused, 4 model refused, "
    "5 environment (disk, memory, device), 130/143 interrupted. --debug shows the traceback of an error.",
)

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
RecipeFile = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a pipeline.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe.")]
Quick = Annotated[bool, typer.Option(help="A few steps with a small network: does it run at all?")]
Known = Annotated[
    list[str] | None, typer.Option("--known", metavar="NAME=NUMBER", help="A condition the model wants to be told.")
]
RunFolder = Annotated[Path | None, typer.Option("--folder", "-o", help="The run folder; default: runs/NAME.")]


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", "-o", help="Where to work.")] = Path("medtrans-demo"),
    threads: Threads = None,
) -> None:
    """Make synthetic heads, train MR→CT, translate a head it never saw, score it, write the report."""
    from medtrans.demo import demo as play
    from medtrans.progress import Shown

    _use_threads(threads)
    with Shown() as shown:
        result = play(folder, say=shown)
    print(result.to_text())


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Finished run folders, scored on the same cases.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for a page, CSV and JSON.")] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option("--margin", metavar="METRIC=NUMBER", help="A difference, set beforehand, that matters to no one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Runs beside each other: means with intervals, ranks, differences, and pictures of the same slices."""
    from medtrans import comparing

    found = comparing.compare(runs, _known(margin, "--margin"))
    print(comparing.to_json(found) if as_json else comparing.to_text(found))
    if output is not None:
        page = comparing.write_comparison(output, found)
        if not as_json:
            print(f"\npage: {page}")


@app.command()
def run(
    recipe: RecipeFile,
    folder: RunFolder = None,
    changes: Changes = None,
    quick: Quick = False,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Walk all stages of a recipe: check, train, translate, evaluate, report. Resumes where it stopped."""
    from medtrans import stages
    from medtrans.progress import Shown
    from medtrans.recipe import load_recipe

    _use_threads(threads)
    asked = load_recipe(stages.find_recipe(recipe), changes or [], quick=quick)
    with Shown() as shown:
        result = stages.run(asked, folder or Path("runs") / asked.name, say=shown)
    if result is None:
        return
    print(json.dumps(result.to_dict(), indent=1) if as_json else result.to_text())
    raise typer.Exit(1 if result.failed else 0)


@app.command()
def train(
    recipe: RecipeFile,
    folder: RunFolder = None,
    changes: Changes = None,
    quick: Quick = False,
    threads: Threads = None,
) -> None:
    """Only train the model of a recipe (the first part of `run`). Resumes where it stopped."""
    from medtrans import stages
    from medtrans.progress import Shown
    from medtrans.recipe import load_recipe

    _use_threads(threads)
    asked = load_recipe(stages.find_recipe(recipe), changes or [], quick=quick)
    with Shown() as shown:
        trained = stages.train(asked, folder or Path("runs") / asked.name, say=shown)
    if trained.main:
        print(f"model: {trained.model}\n{trained.verdict}")


@app.command()
def translate(
    source: Annotated[Path, typer.Option("--input", "-i", help="A volume, or a folder of volumes.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    model: Annotated[Path, typer.Option("--model", "-m", help="A model folder.")],
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option(help="Replace outputs that are there.")] = False,
    resume: Annotated[bool, typer.Option(help="Skip what the ledger proves done.")] = False,
    num_parts: Annotated[int | None, typer.Option(min=1, help="Share the folder among so many commands …")] = None,
    part_id: Annotated[int | None, typer.Option(min=0, help="… of which this is the one (from 0).")] = None,
    known: Known = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Answers drawn by a model that draws: mean, spread.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of what is drawn.")] = None,
    as_json: AsJson = False,
) -> None:
    """Translate volumes. The output lies exactly where the input lay."""
    from medtrans import stages
    from medtrans.progress import Shown

    _use_threads(threads)
    asked: dict[str, Any] = {"overwrite": overwrite, "resume": resume, "part": _part(part_id, num_parts)}
    changes = {key: value for key, value in (("samples", samples), ("seed", seed)) if value is not None}
    with Shown() as shown:
        outcomes = stages.translate(
            source, output, model, device=device, known=_known(known), changes=changes, **asked, say=shown
        )
    if as_json:
        print(json.dumps([outcome.to_dict() for outcome in outcomes], indent=1))
    for outcome in outcomes:
        for warning in outcome.warnings:
            print(f"medtrans: warning: {outcome.case}: {warning}", file=sys.stderr)
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    for outcome in failed:
        print(f"medtrans: error: {outcome.message}", file=sys.stderr)
    if failed:
        raise typer.Exit(failed[0].exit_code if not source.is_dir() else 1)


@app.command()
def sample(
    model: Annotated[Path, typer.Option("--model", "-m", help="The folder of a model that makes images from noise.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the images to.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    known: Known = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Make images out of noise, with a VAE, GAN, flow or diffusion model."""
    from medtrans import stages
    from medtrans.progress import Shown

    _use_threads(threads)
    with Shown() as shown:
        paths = stages.sample(output, model, count, seed=seed, known=_known(known), device=device, say=shown)
    print(f"{len(paths)} images in {output}")


@app.command()
def evaluate(
    translated: Annotated[Path, typer.Option(help="A translated volume, or a folder of them.")],
    target: Annotated[Path, typer.Option(help="The real volume, or a folder of them with the same names.")],
    preset: Annotated[str, typer.Option(help="Which definition of the numbers: see `medtrans list presets`.")],
    mask: Annotated[Path | None, typer.Option(help="Voxels that count: a volume, or a folder.")] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="Besides: a name or '{name: nmi, bins: 32}'; see `medtrans list metrics`."),
    ] = None,
    spread: Annotated[
        Path | None, typer.Option(help="Score the spreads that translations came with: a volume, or a folder.")
    ] = None,
    downstream: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A segmenter's model folder: is in the translation what is in the target?"),
    ] = None,
    labels_translated: Annotated[
        Path | None, typer.Option(help="Instead: label maps of the translations, by any segmenter …")
    ] = None,
    labels_target: Annotated[
        Path | None, typer.Option(help="… and of the targets; beside a segmenter, the reference it is held against.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(metavar="AB|HN|TH|total|FILE|TABLE", help="Labels that count, as '{liver: 5, kidneys: [2, 3]}'."),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, help="Of the surface Dice, in mm.")] = 2.0,
    threads: Threads = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the scores as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write a page, CSV, JSON, LaTeX.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score translations against their targets, with the definition of every number."""
    from medtrans import segmenting, stages
    from medtrans.evaluating.folders import to_json, to_text
    from medtrans.recipe import as_yaml

    asked = [as_yaml(word, f"--also {word}") for word in also or []]
    _use_threads(threads)
    judge = segmenting.of_words(downstream, labels_translated, labels_target, classes, tolerance)
    evaluation = stages.evaluate(
        translated, target, mask, preset, output, also=asked, spread=spread, downstream=judge, report=report
    )
    print(to_json(evaluation) if as_json else to_text(evaluation), end="")
    for name, why in evaluation.refused.items():
        print(f"medtrans: error: {name}: {why}", file=sys.stderr)
    if evaluation.refused:
        raise typer.Exit(1 if evaluation.scores else 3)


@app.command()
def distances(
    made: Annotated[Path, typer.Argument(metavar="MADE", help="A folder of made volumes.")],
    real: Annotated[Path, typer.Argument(metavar="REAL", help="A folder of real ones, best of other patients.")],
    extractor: Annotated[
        str, typer.Option(metavar="radiomics|random|MODEL", help="What they are seen through; a segmenter's folder.")
    ] = "radiomics",
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal, sagittal or volume; default: the model's own, or axial.")
    ] = None,
    slices: Annotated[int, typer.Option(min=1, help="Slices of each volume, evenly from the body.")] = 8,
    spacing: Annotated[float | None, typer.Option(min=0.05, help="Bring all to voxels of so many mm first.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the halves and exchanges that are drawn.")] = 0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the table as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """How far two sets of volumes are apart (Fréchet, KID, MMD …), beside how far real ones are from another."""
    from medtrans.measuring import measure
    from medtrans.reading.files import write_atomically

    found = measure(made, real, extractor, plane, slices=slices, spacing=spacing, seed=seed)
    if output is not None:
        write_atomically(output, found.to_csv())
    print(found.to_json() if as_json else found.to_text(), end="")
    for name, why in found.refused.items():
        print(f"medtrans: error: {name}: {why}", file=sys.stderr)
    if found.refused:
        raise typer.Exit(1)


@app.command()
def check(
    path: Annotated[str, typer.Argument(metavar="PATH|RECIPE", help="A volume, a folder, a recipe or a pipeline.")],
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """List what is wrong with volumes or with the cases of a recipe. Writes nothing."""
    from medtrans import stages

    findings = stages.check(path, changes or [])
    if as_json:
        print(json.dumps([vars(finding) for finding in findings], indent=1))
    else:
        print(stages.findings_as_text(findings))
    if any(finding.severity == "refuse" for finding in findings):
        raise typer.Exit(3)


@app.command()
def phantoms(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the cases to.")],
    count: Annotated[int, typer.Option(min=1, help="How many heads.")] = 8,
    contrasts: Annotated[str, typer.Option(help="Of T1, T2, FLAIR, PD, CT; separated by commas.")] = "T1,CT",
    spacing: Annotated[float, typer.Option(min=0.5, help="Voxel size in millimetres.")] = 2.0,
    labels: Annotated[Path | None, typer.Option(help="Paint these label maps instead of made anatomy.")] = None,
    randomised: Annotated[bool, typer.Option(help="Draw the MR contrast anew for each case.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The first head's seed; the others count on from it.")] = 0,
) -> None:
    """Make a cohort of synthetic heads whose truth is known."""
    from medtrans import stages

    for path in stages.make_phantoms(output, count, contrasts.split(","), spacing, labels, randomised, seed):
        print(path)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="methods, metrics, networks, presets or pipelines.")],
    as_json: AsJson = False,
) -> None:
    """What there is: name, one line, source."""
    from medtrans import finding

    entries = finding.entries(what)
    print(json.dumps([vars(e) for e in entries], indent=1) if as_json else finding.as_text(entries))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Versions, devices, optional packages and limits: what to send with a question."""
    from medtrans import finding

    facts = finding.doctor()
    print(json.dumps(facts, indent=1) if as_json else "\n".join(f"{name:24} {value}" for name, value in facts.items()))


def main() -> None:
    """Run a command; every error becomes one sentence on standard error and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    speak_plainly()
    if not debug:
        warnings.filterwarnings("ignore", module=r"(?!medtrans)")
    try:
        code = app(arguments or ["--help"], prog_name="medtrans", standalone_mode=False)
    except BaseException as reason:
        if debug and not isinstance(reason, (SystemExit, typer.Exit)):
            raise
        code = answer(reason)
    sys.exit(code if isinstance(code, int) else 0)


def _use_threads(threads: int | None) -> None:
    if threads:
        import torch

        torch.set_num_threads(threads)


def _known(pairs: list[str] | None, option: str = "--known") -> dict[str, float]:
    """NAME=NUMBER, several, as a table."""
    known: dict[str, float] = {}
    for pair in pairs or []:
        name, _, number = pair.partition("=")
        try:
            known[name.strip()] = float(number)
        except ValueError:
            raise typer.BadParameter(f"{option} {pair} is not NAME=NUMBER") from None
    return known


def _part(part_id: int | None, num_parts: int | None) -> tuple[int, int]:
    """Which share of a folder is ours: as asked, else as a SLURM array says, else all of it."""
    number = num_parts or int(os.environ.get("SLURM_ARRAY_TASK_COUNT", "1"))
    first = int(os.environ.get("SLURM_ARRAY_TASK_MIN", "0"))
    mine = part_id if part_id is not None else int(os.environ.get("SLURM_ARRAY_TASK_ID", "0")) - first
    if not 0 <= mine < number:
        raise typer.BadParameter(f"--part-id {mine} is not among the {number} parts 0 … {number - 1}")
    return mine, number


if __name__ == "__main__":
    main()
