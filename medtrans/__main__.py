"""python -m medtrans, where the command is not on the path, and for torchrun."""

from medtrans.cli import main

main()
