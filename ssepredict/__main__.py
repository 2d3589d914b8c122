"""``python -m ssepredict`` is the command line."""

from ssepredict.cli import main

if __name__ == "__main__":
    main()
