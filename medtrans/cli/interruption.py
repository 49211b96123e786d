"""What to do after an interruption, by verb: true for what each of them has written by then."""

from __future__ import annotations

from collections.abc import Sequence

CONTINUES = "the same command continues from here"
AGAIN = "run the same command again"
ADVICE = {
    "demo": CONTINUES,
    "init": f"nothing was written: {AGAIN}",
    "run": CONTINUES,
    "train": CONTINUES,
    "translate": "finished cases are kept: the same command with --resume continues",
    "evaluate": f"{AGAIN}, with --overwrite where it had begun to write",
    "audit": f"{AGAIN}, with --overwrite where it had begun to write",
    "compare": f"{AGAIN}, with --overwrite where it had begun to write",
    "distances": f"{AGAIN}, with --overwrite where it had begun to write",
    "sample": "finished images are kept: the same command with --overwrite writes them all again",
    "export": AGAIN,
    "serve": "the volume and its translation are removed, unless --keep was given",
    "align": f"{AGAIN}, with --overwrite where it had begun to write",
    "degrade": "finished images are kept: the same command with --overwrite writes them all again",
    "check": AGAIN,
    "phantoms": "finished images are kept: the same command with --overwrite writes them all again",
    "list": AGAIN,
    "schema": AGAIN,
    "doctor": AGAIN,
    "benchmark": AGAIN,
}


def advice_after_interruption(arguments: Sequence[str]) -> str:
    """`arguments` of the command, the verb first."""
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb == "translate" and "--resume" in arguments and "--overwrite" not in arguments:
        return CONTINUES
    if verb == "translate" and "--overwrite" in arguments:
        return "finished cases are kept: the same command with --resume instead of --overwrite continues"
    return ADVICE.get(verb, AGAIN)
