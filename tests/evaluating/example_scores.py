"""Scores of translations and baselines, by simple numbers."""

from dataclasses import replace

from medtrans.core.score import MetricId, Score

MAE, PSNR = MetricId("mae"), MetricId("psnr")


def scores(cases=("sub-01", "sub-02"), baselines=("copied source",)):
    """The translation has MAE 40, 41 …; each baseline 100 more than the one before."""
    found = []
    for number, case in enumerate(cases):
        for place, system in enumerate(("translated", *baselines)):
            found += [
                Score(case, case, system, MAE, 40.0 + number + 100 * place, "HU", "lower"),
                Score(case, case, system, PSNR, 30.0 - number - 5 * place, "dB", "higher"),
            ]
    return found


def changed(found, case, system, metric, value):
    """With another value of one score."""
    return [
        replace(score, value=value) if (score.case, score.system, score.metric) == (case, system, metric) else score
        for score in found
    ]
