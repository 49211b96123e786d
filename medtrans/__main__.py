"""python -m medtrans, where the command is not on the path."""

from medtrans.cli import main

main()
