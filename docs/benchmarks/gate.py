"""The input gate on proper images and on images with one fault each of drawn strength: what is found, what falsely.

    python docs/benchmarks/gate.py LABELS [LABELS …] --work FOLDER [--real SHARED] [--half choose|report]

From every label map MR images of any contrast are painted, as in the training of head-mr-to-ct (3 mm). The signature is
fitted to the images of every other head. `--half choose` fits to a quarter and tests another quarter of the heads: on
these the thresholds of medtrans/auditing/gate were chosen. `--half report` tests heads that decided nothing. The same
is done with `--phantoms N` for T1 images of synthetic heads, a model of one contrast. `--real` is a folder with real
images, listed one by one. Paintings are kept in FOLDER. `--ship NAME` writes the signature of all label maps into a
shipped model instead.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from medtrans.auditing.gate.gate import Gate
from medtrans.auditing.gate.signature import GATE, Signature, write_signature
from medtrans.core.modality import find_modality
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import draw_all
from medtrans.degradations.ghosting import Ghosting
from medtrans.degradations.thick_slices import ThickSlices
from medtrans.models.zoo import model_folders
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.phantoms.painting import PaintingSettings, paint_pair, painted_head
from medtrans.preparing.degrading import degraded_in_place
from medtrans.preparing.geometry import orient
from medtrans.reading.names import stem
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages._gate_file import thickest_slices

RECIPE = Path(__file__).parents[2] / "pipelines" / "head_mr_to_ct" / "recipe.yaml"
FACTOR, PAINTINGS = 3, 4
HARD = ("upside_down", "front_to_back", "lying", "skull_stripped", "truncated_vertex", "ghosts", "defaced", "FLAIR")
"""Faults that are tried in every tested image; the others in every second."""
DRAWS = {"ghosts": 4}
"""Of the strength of a fault, for each image, where one draw decides little."""
NO_IMAGES = ("labels", "lesion", "organs", "skull", "intracranial", "change", "brain.nii", "_CT")
WITHOUT_CT = ("z_score", "unit_range", "offset", "int16_extremes", "upside_down", "small", "thick_slices", "noise")
"""Faults that need no CT of the same head."""
WATER_PER_CM = (0.096, 0.153, 0.206)
"""Linear attenuation of water at 511, 140 and 60 keV: NIST, XCOM."""
BRAIN_BELOW = 500
"""Labels of SynthSeg below are brain, above are not."""


class Example:
    """An MR with the CT and the brain of the same head, on one grid."""

    def __init__(self, image: Volume, ct: Volume, brain: np.ndarray) -> None:
        self.image, self.ct, self.brain = image, ct, brain


# Faults: (example, generator) → image. Each draws its strength.


def ct(example, rng):
    return example.ct


def ct_plus_1024(example, rng):
    return example.ct.like(np.maximum(example.ct.voxels + 1024, 0).astype(np.int16))


def attenuation_map(example, rng):
    return example.ct.like(
        (rng.choice(WATER_PER_CM) * rng.uniform(0.98, 1.02) * (1 + example.ct.voxels / 1000)).clip(0).astype(np.float32)
    )


def windowed_ct(example, rng):
    centre, width = rng.uniform(20, 60), rng.uniform(200, 600)
    grey = (example.ct.voxels - centre + width / 2) / width
    noisy = grey + rng.normal(0, 0.01, grey.shape)
    return example.ct.like((255 * noisy).clip(0, 255).astype(np.uint8))


def label_map(example, rng):
    edges = np.sort(rng.choice([-700, -400, -150, -20, 10, 45, 90, 300, 900], 6, replace=False))
    return example.ct.like(np.digitize(example.ct.voxels, edges).astype(np.uint8))


def z_score_in_mask(example, rng):
    inside = example.ct.voxels > -300
    values = example.image.voxels[inside]
    return example.image.like(np.where(inside, (example.image.voxels - values.mean()) / values.std(), 0))


def z_score(example, rng):
    voxels = example.image.voxels
    return example.image.like((voxels - voxels.mean()) / voxels.std())


def unit_range(example, rng):
    top = np.quantile(example.image.voxels, rng.uniform(0.99, 1))
    scaled = np.clip(example.image.voxels / top, 0, 1)
    return example.image.like(scaled if rng.random() < 0.5 else 2 * scaled - 1)


def offset(example, rng):
    typical = np.median(example.image.voxels[example.brain[None]])
    return example.image.like(example.image.voxels + rng.uniform(1, 5) * typical)


def phase(example, rng):
    low, turn = [(-np.pi, 2 * np.pi), (0, 4096), (-4096, 8192), (0, 360)][rng.integers(4)]
    place = np.stack(np.meshgrid(*(np.linspace(-1, 1, side) for side in example.image.shape), indexing="ij"))
    smooth = (
        np.tensordot(rng.uniform(-0.4, 0.4, 3), place, 1) + 0.2 * example.image.voxels[0] / example.image.voxels.max()
    )
    share = np.where(example.ct.voxels[0] > -300, smooth % 1, rng.random(example.image.shape))
    share.flat[:2] = 0, 1
    return example.image.like((low + turn * share).astype(np.float32))


def int16_extremes(example, rng):
    voxels = (example.image.voxels * (1000 / example.image.voxels.max())).astype(np.int16)
    places = rng.integers(0, voxels.size, rng.integers(1, 50))
    voxels.flat[places] = rng.choice([-32768, 32767])
    return example.image.like(voxels)


def turned_by(name, *choices):
    """A header that turns the head by one of these rotations, and another 10 degrees at most."""

    def fault(example, rng):
        matrix = np.array(choices[rng.integers(len(choices))]) @ tilt(rng.uniform(-10, 10))
        affine = np.eye(4)
        affine[:3, :3] = matrix
        return Volume(example.image.voxels, affine @ example.image.affine)

    fault.__name__ = name
    return fault


def tilt(degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


upside_down = turned_by("upside_down", np.diag([1, -1, -1]), np.diag([-1, 1, -1]))
front_to_back = turned_by("front_to_back", np.diag([-1, -1, 1]))
lying = turned_by(
    "lying",
    [[0, 0, 1], [0, 1, 0], [-1, 0, 0]], [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
    [[1, 0, 0], [0, 0, -1], [0, 1, 0]], [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
)  # fmt: skip


def skull_stripped(example, rng):
    return example.image.like(np.where(example.brain, example.image.voxels, 0))


def truncated_vertex(example, rng):
    body = example.ct.voxels[0] > -300
    top = np.flatnonzero(body.any(axis=(0, 1)))[-1]
    last = top - round(rng.uniform(20, 60) / example.image.spacing[2])
    return Volume(example.image.voxels[..., :last], example.image.affine)


def long_neck(example, rng):
    """A neck of the lowest slices, each voxel of one of four at random, until 280 to 380 mm from the vertex."""
    body = example.ct.voxels[0] > -300
    heights = np.flatnonzero(body.any(axis=(0, 1)))
    more = round(rng.uniform(280, 380) / example.image.spacing[2]) - (heights[-1] - heights[0])
    first, voxels = heights[0] + 2, example.image.voxels
    which = rng.integers(4, size=(*voxels.shape[:-1], max(more, 0)))
    below = np.take_along_axis(voxels[..., first : first + 4], which, axis=-1)
    affine = example.image.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [0, 0, first - more]
    return Volume(np.concatenate([below, voxels[..., first:]], axis=-1), affine)


def small(example, rng):
    return scaled(example.image, rng.uniform(0.4, 0.82))


def scaled(image, factor):
    return Volume(image.voxels, np.diag([factor, factor, factor, 1]) @ image.affine)


def thick_slices(example, rng):
    worse, plane = ThickSlices(), ["axial", "coronal", "sagittal"][rng.integers(3)]
    return worse.apply(example.image, millimetres=rng.uniform(8, 20), gap=0, plane=plane, profile="gaussian")


def ghosts(example, rng):
    phase, count = ["back_front", "left_right"][rng.integers(2)], int(rng.integers(2, 4))
    return Ghosting().apply(example.image, strength=rng.uniform(0.8, 1), ghosts=count, phase=phase)


def noise(example, rng):
    typical = np.median(example.image.voxels[example.brain[None]])
    draws = rng.normal(0, rng.uniform(0.5, 1) * typical, (2, *example.image.voxels.shape))
    return example.image.like(np.hypot(example.image.voxels + draws[0], draws[1]))


def defaced(example, rng):
    """All set to 0 in front of a plane through the bridge of the nose, as quickshear does."""
    indices = np.argwhere(np.ones(example.image.shape, bool))
    points = indices @ example.image.affine[:3, :3].T + example.image.affine[:3, 3]
    body = (example.ct.voxels[0] > -300).ravel()
    vertex, front = points[body, 2].max(), np.quantile(points[body, 1], 0.995)
    bridge = np.array([front - rng.uniform(0, 15), vertex - rng.uniform(95, 110)])
    slope = rng.uniform(0.5, 1.0)
    before = (points[:, 1] - bridge[0]) > slope * (points[:, 2] - bridge[1]) + rng.uniform(-25, -15)
    cut = (before & (points[:, 2] < bridge[1])).reshape(example.image.shape)
    voxels = example.image.voxels.copy()
    voxels[0, cut] = 0
    return example.image.like(voxels)


FAULTS = [
    # fault, strength in words, codes of findings that name it
    (ct, "CT in HU", {"other-modality"}),
    (ct_plus_1024, "HU + 1024", {"other-modality"}),
    (attenuation_map, "at 60, 140 and 511 keV", {"other-modality"}),
    (windowed_ct, "8 bits, window of 200 to 600 HU", {"other-modality"}),
    (label_map, "7 labels", {"other-modality"}),
    (z_score_in_mask, "of the body", {"already-normalised"}),
    (z_score, "of all voxels", {"already-normalised"}),
    (unit_range, "0 or -1 to 1", {"already-normalised"}),
    (offset, "1 to 5 times the brain", {"offset"}),
    (phase, "full turn in 4 units", {"phase-image"}),
    (int16_extremes, "1 to 50 voxels", {"int16-extremes"}),
    (upside_down, "180°, tilted by ≤ 10°", {"upside-down"}),
    (front_to_back, "180°, tilted by ≤ 10°", {"front-to-back"}),
    (lying, "90°, tilted by ≤ 10°", {"lying"}),
    (skull_stripped, "brain alone", {"skull-stripped"}),
    (truncated_vertex, "20 to 60 mm cut off", {"truncated-vertex"}),
    (long_neck, "280 to 380 mm high", {"long-neck"}),
    (small, "0.40 to 0.82 of an adult", {"small-head"}),
    (thick_slices, "8 to 20 mm", {"thick-slices"}),
    (ghosts, "2 or 3 ghosts, 80 to 100 %", {"ghosts"}),
    (noise, "50 to 100 % of the brain", {"noisy"}),
    (defaced, "plane below the bridge of the nose", {"defaced"}),
]


def findings_of(gate, image):
    """As translate has them: those of the gate, and of the checks of the modality before it."""
    mr = find_modality("MR")
    return [*gate.findings(image, "image"), *mr.check(image.voxels, "image")]


def examples_of(labels, work):
    """The examples of one label map, painted once and kept."""
    file = work / f"{stem(labels)}.npz"
    if not file.exists():
        paint_examples(labels, file)
    kept = np.load(file)

    def upright(voxels):
        return orient(Volume(voxels, kept["affine"]), "RAS")[0]

    ct_volume, brain = upright(kept["ct"]), upright(kept["brain"][None]).voxels[0]
    return [Example(upright(image), ct_volume, brain) for image in kept["images"]]


def paint_examples(labels, file):
    volume, recipe = read_volume(labels), load_recipe(RECIPE)
    rng = np.random.default_rng(int(stem(labels).split("_")[1]))
    head = painted_head(volume, rng, new_skull=False, factor=FACTOR)
    pairs = [paint_pair(head, PaintingSettings(target="CT"), rng) for _ in range(PAINTINGS)]
    chain, mr = recipe.degrading.chain, find_modality("MR")
    images = [degraded_in_place(pair.source, draw_all(chain, rng), mr, "cubic").voxels for pair in pairs]
    affine = pairs[0].source.affine
    places = np.argwhere(np.ones(pairs[0].source.shape, bool)) @ affine[:3, :3].T + affine[:3, 3]
    inverse = np.linalg.inv(volume.affine)
    index = np.rint(places @ inverse[:3, :3].T + inverse[:3, 3]).astype(int).clip(0, np.array(volume.shape) - 1)
    of_label = volume.voxels[0][tuple(index.T)].reshape(pairs[0].source.shape)
    brain = (of_label > 0) & (of_label < BRAIN_BELOW)
    np.savez_compressed(file, images=images, ct=pairs[0].target.voxels, brain=brain, affine=affine)


def table(name, gate, examples, faults, seed, only=()):
    """Found by kind, and falsely in the proper images."""
    rows = []
    proper = [findings_of(gate, example.image) for example in examples]
    for severity in ("refuse", "warn"):
        wrong = [found for found in proper if any(one.severity == severity for one in found)]
        codes = Counter(one.code for found in wrong for one in found if one.severity == severity)
        rows.append(row(f"proper images: {severity}", "", len(examples), len(wrong), codes))
    for number, (fault, strength, codes) in enumerate(faults):
        if only and fault.__name__ not in only:
            continue
        rng = np.random.default_rng([seed, number])
        tested = examples[:: 1 if fault.__name__ in HARD else 2] * DRAWS.get(fault.__name__, 1)
        made = [findings_of(gate, fault(example, rng)) for example in tested]
        hits = sum(any(one.code in codes for one in found) for found in made)
        refused = sum(any(one.severity == "refuse" for one in found) for found in made)
        others = Counter(one.code for found in made for one in found if one.code not in codes)
        rows.append({**row(fault.__name__, strength, len(made), hits, others), "refused": f"{refused / len(made):.0%}"})
    print(
        f"\n{name}\n" + text_table(rows, ("images", "strength", "n", "found", "refused", "further findings")),
        flush=True,
    )


def row(name, strength, count, hits, others):
    words = ", ".join(f"{code} {number}" for code, number in others.most_common(4))
    share = f"{hits / max(count, 1):.0%}"
    return {
        "images": name,
        "strength": strength,
        "n": str(count),
        "found": share,
        "refused": "",
        "further findings": words,
    }


def phantom_examples(seeds):
    """T1 images of phantoms, and the same heads in other contrasts."""
    for seed in seeds:
        head = make_head(seed, shape=(64, 76, 64), spacing=3)
        rng = np.random.default_rng([seed, 1])
        made = {name: paint(head, name, rng) for name in ("T1", "T2", "FLAIR", "PD")}
        example = Example(made["T1"], made["T1"], head.body)
        example.others = made
        yield example


def contrast_fault(name):
    def fault(example, rng):
        return example.others[name]

    fault.__name__ = name
    return fault, "instead of T1", {"other-contrast"}


def of_any_contrast(files, work):
    """The signature of painted images of any contrast, and slices of up to 6 mm, as in the recipe."""
    images = (example.image for file in files for example in examples_of(file, work))
    return Signature.fit(
        images, "MR", any_contrast=True, slices_mm=thickest_slices(load_recipe(RECIPE).degrading.chain)
    )


def of_phantoms(count):
    """A model of T1: other contrasts are faults, too."""
    fitted, tested = (list(phantom_examples(seeds)) for seeds in (range(count), range(100, 100 + 2 * count)))
    signature = Signature.fit((example.image for example in fitted), "MR")
    faults = [contrast_fault(name) for name in ("T2", "FLAIR", "PD")]
    faults += [one for one in FAULTS if one[0].__name__ in WITHOUT_CT]
    table(f"T1 of phantoms: fitted to {count}, tested on {len(tested)}", Gate(signature), tested, faults, 2)


def of_real(gate, folder):
    """What the gate says of each real image."""
    for file in sorted(folder.rglob("*.nii.gz")):
        if any(word in file.name for word in NO_IMAGES):
            continue
        findings = findings_of(gate, read_volume(file))
        print(f"{file.relative_to(folder)}: {', '.join(one.code for one in findings) or 'nothing'}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--phantoms", type=int, default=0)
    parser.add_argument("--half", choices=("choose", "report"), default="report")
    parser.add_argument("--only", nargs="+", metavar="FAULT", help="of those of painted heads")
    parser.add_argument("--ship")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    files = sorted(file for folder in options.labels for file in folder.glob("*_labels.nii.gz"))
    if options.ship:
        signature = of_any_contrast(files, options.work)
        for member in model_folders([options.ship]):
            write_signature(member, signature)
            print(member / GATE)
        raise SystemExit
    fit, test = (files[::4], files[2::4]) if options.half == "choose" else (files[::2], files[1::2])
    gate = Gate(of_any_contrast(fit, options.work))
    examples = [example for file in test for example in examples_of(file, options.work)]
    table(f"any contrast: fitted to {len(fit)} heads, tested on {len(test)}", gate, examples, FAULTS, 1, options.only)
    if options.phantoms:
        of_phantoms(options.phantoms)
    if options.real:
        of_real(gate, options.real)
