"""``python -m alignbench``."""

from alignbench.cli import main

if __name__ == "__main__":
    main()
