"""Two workers share two cores: one thread each, in what they start as well. And the table of the conformance tests."""

import os

import torch

os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption("--write-page", action="store_true", help="Write the table of -m conformance to the docs.")
    parser.addoption("--mutations", type=int, default=20_000, help="Mutated files that -m hostile reads.")


def pytest_terminal_summary(terminalreporter, config):
    """Figures of -m hostile; rows that -m conformance measured, with --write-page also on the page."""
    passed = [
        one for each in terminalreporter.stats.get("passed", ()) if each.when == "call" for one in each.user_properties
    ]
    for name, figure in passed:
        if name == "hostile":
            terminalreporter.write_line(figure)
    if config.option.markexpr != "conformance":
        return
    from tests.conformance import page

    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, ())]
    properties = [one for report in reports if report.when == "call" for one in report.user_properties]
    lines = page.in_order([tuple(value) for name, value in properties if name == "conformance"])
    if lines:
        terminalreporter.write_line(page.tables(lines))
    if config.option.write_page and not terminalreporter.stats.get("failed"):
        page.write(lines)
        terminalreporter.write_line(f"written to {page.PAGE}")
