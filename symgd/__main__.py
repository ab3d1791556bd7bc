"""python -m symgd, and the command symgd: a process of its own, whose garbage is collected as seldom as a short life allows.

SymPy's import makes some hundred thousand objects that stay.  Python looks through them again and again while they are made, and once more when the
process ends: together a third of the time of a short command.
"""

import gc

from symgd import cli

__all__ = ["main"]

SELDOM = 200_000  # objects made between two looks for garbage; Python's own number is 700


def main() -> int:
    """Run one command and return its exit status."""
    gc.set_threshold(SELDOM, 50, 100)
    try:
        return cli.main()
    finally:
        gc.freeze()  # the process ends: what is alive needs no last look


if __name__ == "__main__":
    raise SystemExit(main())
