"""Translate a folder with a saved model, and wait after the first volume until a test kills the process.

python translate_slowly.py INPUT OUTPUT MODEL
"""

import sys
import time
from pathlib import Path

import torch

from medtrans.batching import translate_files as batch
from medtrans.translating.translator import Translator

torch.set_num_threads(1)
source, output, model = sys.argv[1:]
write = batch.write_volume


def write_slowly(*arguments, **options):
    write(*arguments, **options)
    sys.stdout.write("written\n")
    sys.stdout.flush()
    time.sleep(100)


batch.write_volume = write_slowly
batch.translate_files(Path(source), Path(output), Translator.load(model, device="cpu"))
