"""Manual page in troff, made of the help of all commands, so that it says no other than these.

medtrans --man > medtrans.1
man ./medtrans.1
"""

from __future__ import annotations

from typing import Any

from medtrans import __version__

FILES = (
    ("ledger.jsonl", "in the output folder of medtrans translate: one line of JSON for each event of a case."),
    ("NAME.json", "beside each translation: its sidecar, with model, hashes, settings and findings."),
)


def man_page(command: Any, context: Any) -> str:
    """The page of section 1 for a command of click with its subcommands, whose `context` is given."""
    lines = [f'.TH MEDTRANS 1 "" "medtrans {__version__}" "User Commands"']
    lines += [".SH NAME", f"medtrans \\- {_text(_first_sentence(command.help))}"]
    lines += [".SH SYNOPSIS", ".B medtrans", ".I COMMAND", "[options]", ".SH DESCRIPTION", _text(command.help)]
    lines += [".SH OPTIONS", *_options(command, context), ".SH COMMANDS"]
    lines += [line for name in command.list_commands(context) for line in _command(command, name, context)]
    lines += [".SH EXIT STATUS", _text(command.epilog or ""), ".SH FILES"]
    lines += [line for name, what in FILES for line in (".TP", f".I {_text(name)}", _text(what))]
    return "\n".join(line for line in lines if line) + "\n"


def _command(group: Any, name: str, context: Any) -> list[str]:
    command = group.get_command(context, name)
    inner = type(context)(command, info_name=name, parent=context)
    usage = " ".join(command.collect_usage_pieces(inner))
    lines = [f".SS {_text(inner.command_path)} {_text(usage)}", _text(command.help or ""), *_options(command, inner)]
    for sub in command.list_commands(inner) if hasattr(command, "list_commands") else ():
        lines += _command(command, sub, inner)
    return lines


def _options(command: Any, context: Any) -> list[str]:
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    return [
        line
        for record in records
        if record is not None
        for line in (".TP", f".B {_text(record[0])}", _text(record[1]) or "\\&")
    ]


def _first_sentence(text: str | None) -> str:
    return (text or "").partition(".")[0]


def _text(text: str) -> str:
    """One line in which nothing is a request of troff; other characters than those of ASCII by their code points."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    line = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in line)
    return f"\\&{line}" if line.startswith((".", "'")) else line
