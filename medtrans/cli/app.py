"""The command `medtrans`, to which each file adds one verb."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrans import __version__

app = typer.Typer(
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 110, "help_option_names": ["--help", "-h"]},
    help="Translate biomedical images, keep their geometry, and see how far to trust the result.",
    epilog="Exit codes: 0 done, 1 some cases failed, 2 wrong use, 3 input refused, 4 model refused, "
    "5 environment (disk, memory, device), 130/143 interrupted. Every command takes --log FILE, to which a line for "
    "each case, finding and error is appended, and --debug, which shows the traceback of an error.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"medtrans {__version__}")
        raise typer.Exit


def _print_man_page(context: typer.Context, wanted: bool) -> None:
    if wanted:
        from medtrans.cli.man_page import man_page

        print(man_page(context.command, context), end="")
        raise typer.Exit


@app.callback()
def _medtrans(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    man: Annotated[
        bool,
        typer.Option("--man", callback=_print_man_page, is_eager=True, help="Print the manual page (troff) and exit."),
    ] = False,
) -> None:
    """The command without a verb."""
