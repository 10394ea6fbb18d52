"""``python -m docqa.cli``: the command line where no script of its name is installed."""

from docqa.cli import main

main()
