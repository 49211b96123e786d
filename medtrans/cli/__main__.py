"""python -m medtrans.cli, which torchrun needs."""

from medtrans.cli import main

main()
