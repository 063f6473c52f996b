"""`python -m cli` is `jiesu`."""

from cli.main import main

main()
