"""`python -m aiana` is the same as `aiana`."""

from aiana.cli import main

main()
