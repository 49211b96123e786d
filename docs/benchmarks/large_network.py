"""A network of 102 million weights on a processor, and what shortcuts cost: python docs/benchmarks/large_network.py

The residual-encoder U-Net of nnU-Net (ResEnc L) on a synthetic head of 256 × 256 × 160 voxels of 1 mm. Time: untrained
weights, whose values do not matter for it; one window of each size and engine is timed, times the windows
of the way, and the last way is run as a whole. Quality: a small network of the same kind, trained for a minute of
processor time on synthetic heads of 4 mm from T1 to CT, translates another head by each way; mean and largest
difference in HU, in the body, from windows that overlap by half with none left out, and the error of each against the
CT. Its windows are a third of the head's side, as those of the large one are half of it.

--quality and --time do one of both alone.
"""

import argparse
import os
import time
from collections.abc import Sequence

import numpy as np
import torch

from medtrans.core.method import Batch
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.methods.regression import Regression, RegressionSettings
from medtrans.networks.residual_encoder_unet import ResidualEncoderUNetSettings
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator

PLAIN = TranslatingSettings(window=(128, 128, 128), batch=1, skip_background=False)
WAYS = {
    "overlap 0.5, nothing skipped": PLAIN,
    "overlap 0.5, air skipped": TranslatingSettings(window=(128, 128, 128), batch=1),
    "overlap 0, air skipped": TranslatingSettings(window=(128, 128, 128), batch=1, overlap=0.0),
    "overlap 0, air skipped, whole height": TranslatingSettings(window=(128, 128, 160), batch=1, overlap=0.0),
}
SIDES = {128: 32, 160: 48}
"""Of a window of the large network and of the small one."""
MINUTE = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--quality", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    both = options.time == options.quality
    if options.time or both:
        print(f"256×256×160, {options.threads} threads, untrained\n{times()}", flush=True)
    if options.quality or both:
        print(f"small trained network, 64×64×48 voxels of 4 mm\n{qualities()}", flush=True)


def regression(network: ResidualEncoderUNetSettings) -> tuple[Regression, Preparation]:
    """With fresh weights, from MR to CT in 3D."""
    scale = Percentiles(typical_range=(0.0, 1000.0))
    settings = PreparingSettings(spatial_dims=3, source_normalisation=scale, target_normalisation=Linear())
    preparation = Preparation(settings, "MR", "CT")
    torch.manual_seed(0)
    return Regression(preparation.task(1, 1), RegressionSettings(generator=network)), preparation


def times() -> str:
    """A row for each engine and way: windows, seconds of one and of all; then the whole translation by the last way."""
    method, preparation = regression(ResidualEncoderUNetSettings(upsampling="transposed"))
    head = paint(make_head(0, shape=(256, 256, 160), spacing=1.0), "T1", np.random.default_rng(0))
    prepared = preparation.prepare_source(head, margin=True)
    rows, taken = [], dict[tuple[str, tuple[int, ...]], float]()
    for engine in ("torch", "openvino"):
        for name, settings in WAYS.items():
            translator = Translator(method, preparation, settings, device="cpu", engine=engine)
            windows = translator.sliding_window.of_body(prepared.mask)
            key = engine, windows[0].size
            if key not in taken:
                taken[key] = seconds_of_window(translator, prepared)
            computed = len(windows) * taken[key]
            row = {"engine": engine, "windows": name, "number": str(len(windows)), "one, s": f"{taken[key]:.1f}"}
            rows.append({**row, "all, s": f"{computed:.0f}"})
    made = translator.translate(head)
    rows.append({**row, "windows": f"{name}: the whole translation, measured", "all, s": f"{made.seconds:.0f}"})
    if not bfloat16():
        rows.append({"engine": "bfloat16", "windows": "this processor has no instructions for it"})
    return text_table(rows, ("engine", "windows", "number", "one, s", "all, s"), left=("engine", "windows"))


def bfloat16() -> bool:
    """Whether the processor has instructions for it."""
    listed = torch.cpu.get_capabilities()
    return any(listed.get(name) for name in ("avx512_bf16", "amx_bf16"))


def seconds_of_window(translator: Translator, prepared) -> float:
    """The second time that it is translated: the first allocates."""
    example = translator.sliding_window.example(prepared.voxels, prepared.background, prepared.mask)
    in_unit = translator.preparation.settings.target_normalisation.restore
    predict, _ = translator.engine.ready(translator.method, (), example, in_unit)
    with torch.inference_mode():
        predict(example)
        began = time.monotonic()
        predict(example)
        return time.monotonic() - began


def qualities() -> str:
    """A row for each way: difference from the plain sliding window, and error against the CT."""
    method, preparation = regression(ResidualEncoderUNetSettings(channels=(8, 16, 32), blocks=(1, 2, 2)))
    heads = [pair(number) for number in range(9)]
    steps = learn(method, preparation, heads[:-1])
    source, target = heads[-1]
    body = preparation.prepare_source(source, margin=True).mask
    rows, reference = [], None
    for name, large in WAYS.items():
        settings = TranslatingSettings(
            window=tuple(SIDES[side] for side in large.window),
            overlap=large.overlap,
            skip_background=large.skip_background,
        )
        made = Translator(method, preparation, settings, device="cpu")(source).voxels[0].astype(float)
        reference = made if reference is None else reference
        difference, error = np.abs(made - reference)[body], np.abs(made - target.voxels[0])[body]
        facts = {"mean, HU": f"{difference.mean():.2f}", "largest, HU": f"{difference.max():.0f}"}
        rows.append({"windows": name, **facts, "MAE against the CT, HU": f"{error.mean():.1f}"})
    return f"{text_table(rows, left=('windows',))}\n{steps} steps"


def pair(seed: int) -> tuple[Volume, Volume]:
    """T1 and CT of a synthetic head."""
    head, rng = make_head(seed, shape=(64, 64, 48), spacing=4.0), np.random.default_rng(seed)
    return paint(head, "T1", rng), paint(head, "CT", rng)


def learn(method: Regression, preparation: Preparation, pairs: Sequence[tuple[Volume, Volume]]) -> int:
    """Steps of L1 on patches of 32³, within a minute of processor time."""
    sources = [preparation.prepare_source(source) for source, _ in pairs]
    targets = [preparation.prepare_target(target, like=source) for source, target in pairs]
    optimiser, rng = torch.optim.AdamW(method.parameters(), 2e-3), np.random.default_rng(0)
    began, steps = time.process_time(), 0
    while time.process_time() - began < MINUTE:
        number, corner = rng.integers(len(pairs)), [rng.integers(side - 31) for side in sources[0].mask.shape]
        place = (slice(None), *(slice(first, first + 32) for first in corner))
        x, y, counted = (
            torch.from_numpy(np.ascontiguousarray(voxels[place], np.float32))[None]
            for voxels in (sources[number].voxels, targets[number].voxels, sources[number].mask[None])
        )
        ((_, terms),) = method.train().losses(Batch(x, y, counted))
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
        steps += 1
    method.eval()
    return steps


if __name__ == "__main__":
    main()
