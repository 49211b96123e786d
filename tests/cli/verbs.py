"""Every place of the command line that takes an input, as the words of a command."""

import numpy as np

from medtrans.cli import run_command
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading.volumes import write_volume
from tests.methods.tiny import tiny
from tests.translating.stand_ins import preparation_of, tiny_regression

RECIPE = """method: {name: regression, generator: {name: unet, channels: [4, 4]}}
reading: {root: ., table: people.csv, source: {modality: CT}, target: {modality: CT}, validation_fraction: 0}
preparing: {body_mask: none, slices: 1, patch: [8, 8]}
training: {steps: 1, batch: 1, device: cpu}
evaluating: {region: volume}
"""
SIDE = 12


def make_inputs(folder):
    """A volume, a mask, folders of two volumes, models that translate, sample and segment, and label maps of a head."""
    rng = np.random.default_rng(0)
    voxels = rng.integers(-900, 1500, (1, SIDE, SIDE, SIDE)).astype(np.int16)
    volume = Volume(voxels, np.diag([2.0, 2, 2, 1]))
    for name in ("a", "set/a", "set/b"):
        write_volume(volume, folder / f"{name}.nii.gz")
    write_volume(volume.like((voxels > 0).astype(np.uint8)), folder / "mask.nii.gz")
    for name in ("a", "b", "x"):
        write_volume(volume.like((voxels > 1000).astype(np.uint8)), folder / "labels" / f"{name}.nii.gz")
    preparation = preparation_of()
    save_model(folder / "model", tiny_regression(preparation), preparation, {})
    save_model(folder / "vae", tiny("vae"), preparation_of(patch=(16, 16)), {})
    return folder


def write_recipe(folder, path):
    """A recipe whose training case is the volume at `path`."""
    (folder / "people.csv").write_text(f"subject,source,target,split\np,{path},a.nii.gz,train\n")
    (folder / "recipe.yaml").write_text(RECIPE)


def of_files(folder, path):
    """Option or argument that takes a volume → the words of a command where that volume is `path`."""
    given, out = folder / "a.nii.gz", folder / "out.nii.gz"
    translate = ["translate", "-m", folder / "model", "-o", out, "--device", "cpu", "-i"]
    evaluate = ["evaluate", "--preset", "synthrad2025", "--translated"]
    pair = [*evaluate, given, "--target", given]
    mask, structures = folder / "mask.nii.gz", ["--labels", "{a: 1}"]
    recipe = folder / "recipe.yaml"
    run = ["-o", folder / "run", "--threads", 1]
    align = ["align", "-o", folder / "aligned"]
    audit = audit_of(folder, given)
    return {
        "translate --input": [*translate, path],
        "translate, second --input": [*translate, given, "-i", path],
        "translate --mask": [*translate, given, "--mask", path],
        "degrade --input": ["degrade", "-o", out, "--with", "low_dose", "-i", path],
        "align --moving": [*align, "--moving", path, "--fixed", given],
        "align --fixed": [*align, "--moving", given, "--fixed", path],
        "align --fixed-mask": [*align, "--moving", given, "--fixed", given, "--fixed-mask", path],
        "align --labels": [*align, "--moving", given, "--fixed", given, "--labels", path],
        "check": ["check", path],
        "check RECIPE": ["check", recipe],
        "train RECIPE": ["train", recipe, *run],
        "run RECIPE": ["run", recipe, *run],
        "evaluate --translated": [*evaluate, path, "--target", given],
        "evaluate --target": [*evaluate, given, "--target", path],
        "evaluate --mask": [*pair, "--mask", path],
        "evaluate --uncertainty": [*pair, "--uncertainty", path],
        "evaluate --change": [*pair, "--change", path],
        "evaluate --label-maps": [*pair, "--label-maps", path, "--reference-labels", mask, *structures],
        "evaluate --reference-labels": [*pair, "--label-maps", mask, "--reference-labels", path, *structures],
        "audit --translated": audit_of(folder, given, path),
        "audit --source": [*audit, "--source", path],
        "audit --target": [*audit, "--target", path],
        "audit --lesions": [*audit, "--lesions", path],
        "phantoms --labels": ["phantoms", "-o", folder / "heads", "--count", 1, "--labels", path],
    }


def audit_of(folder, source, translated=None):
    """The words of an audit of a volume or a folder of them."""
    words = ["audit", "lesions", "--source", source, "--translated", translated or source]
    return [*words, "--detector", folder / "labels", "-o", folder / "audited", "--overwrite"]


def of_folders(folder, path):
    """Option or argument that takes a folder of volumes → the words of a command where that folder is `path`."""
    given = folder / "set"
    translate = ["translate", "-m", folder / "model", "-o", folder / "out", "--device", "cpu", "-i"]
    evaluate = ["evaluate", "--preset", "synthrad2025", "--translated"]
    recipe = folder / "recipe.yaml"
    root = ["--set", f"reading.root={path}", "--set", "reading.table=null", "--set", "reading.source.pattern=*.nii.gz"]
    root += ["--set", "reading.target.pattern=*.nii.gz"]
    return {
        "translate --input": [*translate, path],
        "translate --mask": [*translate, given, "--mask", path],
        "degrade --input": ["degrade", "-o", folder / "out", "--with", "low_dose", "-i", path],
        "init": ["init", path, "-o", folder / "first.yaml"],
        "check": ["check", path],
        "check RECIPE": ["check", recipe, *root],
        "train RECIPE": ["train", recipe, *root, "-o", folder / "run"],
        "run RECIPE": ["run", recipe, *root, "-o", folder / "run"],
        "evaluate --translated": [*evaluate, path, "--target", given],
        "evaluate --target": [*evaluate, given, "--target", path],
        "evaluate --mask": [*evaluate, given, "--target", given, "--mask", path],
        "audit --translated": audit_of(folder, given, path),
        "audit --source": [*audit_of(folder, given), "--source", path],
        "audit --target": [*audit_of(folder, given), "--target", path],
        "audit --lesions": [*audit_of(folder, given), "--lesions", path],
        "distances GENERATED": ["distances", path, given],
        "distances REAL": ["distances", given, path],
        "phantoms --labels": ["phantoms", "-o", folder / "heads", "--count", 1, "--labels", path],
        "compare": ["compare", path, path],
    }


def of_models(folder, path):
    """Option that takes a model folder → the words of a command where that model is `path`."""
    given = folder / "a.nii.gz"
    evaluate = ["evaluate", "--preset", "synthrad2025", "--translated", given, "--target", given]
    return {
        "translate --model": ["translate", "-i", given, "-o", folder / "out.nii.gz", "-m", path],
        "sample --model": ["sample", "-o", folder / "out", "-m", path],
        "export MODEL": ["export", path, "--to", "zip", "-o", folder / "out.zip"],
        "evaluate --segmenter": [*evaluate, "--segmenter", path],
        "audit --detector": [*audit_of(folder, given), "--detector", path],
        "distances --extractor": ["distances", folder / "set", folder / "set", "--extractor", path],
    }


def run(words, capfd):
    """(exit code, standard output, standard error) of a command, in this process."""
    capfd.readouterr()
    code = run_command(list(map(str, words)))
    return code, *capfd.readouterr()
