"""Two workers share two cores: one thread each, in what they start as well. And the table of the conformance tests."""

import os

import torch

os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption("--write-page", action="store_true", help="Write the table of -m conformance to the docs.")


def pytest_terminal_summary(terminalreporter, config):
    """The table of the rows that were measured; with --write-page, where all passed, also on the page."""
    if config.option.markexpr != "conformance":
        return
    from tests.conformance import page

    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, ())]
    properties = [one for report in reports if report.when == "call" for one in report.user_properties]
    lines = page.in_order([tuple(value) for name, value in properties if name == "conformance"])
    if lines:
        terminalreporter.write_line(page.table(lines))
    if config.option.write_page and not terminalreporter.stats.get("failed"):
        page.write(lines)
        terminalreporter.write_line(f"written to {page.PAGE}")
