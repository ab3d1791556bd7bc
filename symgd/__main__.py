"""python -m symgd"""

from symgd.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
