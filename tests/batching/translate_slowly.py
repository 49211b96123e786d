"""Translate a folder with a saved model, and wait after the first volume until a test kills the process.

python translate_slowly.py INPUT OUTPUT MODEL
"""

import sys
import time
from pathlib import Path

import torch

from medtrans.batching import translate_case
from medtrans.batching.translate_files import translate_files
from medtrans.translating.translator import Translator

torch.set_num_threads(1)
source, output, model = sys.argv[1:]
publish = translate_case.publish


def publish_slowly(files, folder, stale=()):
    """Gives the volume its name, and not the sidecar."""
    files[0].replace(folder / files[0].name)
    sys.stdout.write("written\n")
    sys.stdout.flush()
    time.sleep(100)


translate_case.publish = publish_slowly
translate_files(Path(source), Path(output), Translator.load(model, device="cpu"))
