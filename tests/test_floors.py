"""The house stands: imports run down the floors of the design, and the front door is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import symgd

ROOT = Path(symgd.__file__).parent
FLOORS = [
    {"term", "indices", "language"}, {"reading", "typeset"},
    {"arrays", "stated", "forward", "meaning", "rules", "referee", "document"}, {"derivation", "models", "losses"},
    {"backward", "stationary", "hessian", "catalogue", "records"}, {"exposition", "numeric", "handcalc", "pictures"}, {"course"},
    {"__init__", "__main__", "cli", "commands", "entries", "api", "bar", "checking", "explained", "exporting", "fitting", "gradients", "published", "report",
     "shelf", "sklearn", "summary", "tables", "teaching"},
]  # fmt: skip
APART = {"worker", "serving", "cache"}  # they use the rooms below the fourth floor; the front door alone uses them
BESIDE = {  # the imports that stay on their floor; at the front door any may
    ("language", "term"), ("indices", "term"), ("meaning", "forward"), ("rules", "forward"), ("referee", "forward"), ("referee", "meaning"),
    ("forward", "document"), ("forward", "stated"), ("stated", "arrays"), ("referee", "document"), ("hessian", "backward"), ("hessian", "stationary"),
}  # fmt: skip


def room(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """The rooms named by the imports, those inside functions too."""
    names = [n.module if n.module != "symgd" else f"symgd.{a.name}" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module for a in n.names]
    names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    return {(name.split(".")[1] if "." in name else "__init__") for name in names if name.split(".")[0] == "symgd"}


FILES = sorted(ROOT.rglob("*.py"))
ROOMS = {room(f) for f in FILES}
EDGES = sorted({(room(f), to if to in ROOMS else "__init__") for f in FILES for to in imported(ast.parse(f.read_text()))})
FLOOR = {r: k for k, rooms in enumerate(FLOORS, 1) for r in rooms}


def test_every_room_has_a_floor() -> None:
    assert sorted(ROOMS - set(FLOOR) - APART) == []


@pytest.mark.parametrize(("above", "below"), [e for e in EDGES if e[0] != e[1] and not APART & set(e)])
def test_every_import_runs_down(above: str, below: str) -> None:
    assert FLOOR[below] < FLOOR[above] or FLOOR[above] == 8 or (above, below) in BESIDE


def test_there_is_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for above, below in EDGES:
        if above != below:
            graph.setdefault(above, set()).add(below)
    assert list(TopologicalSorter(graph).static_order())


def test_no_import_is_relative() -> None:
    assert not [f for f in FILES for n in ast.walk(ast.parse(f.read_text())) if isinstance(n, ast.ImportFrom) and n.level]


@pytest.mark.parametrize(
    ("above", "below"),
    [("rules", "referee"), ("referee", "rules"), ("document", "derivation"), *((a, b) for a in sorted(FLOORS[5]) for b in sorted(FLOORS[5]) if a != b)],
)
def test_rooms_that_must_not_know_each_other_do_not(above: str, below: str) -> None:
    assert (above, below) not in EDGES


def test_rooms_apart_use_low_floors_and_are_used_by_the_front_door_alone() -> None:
    assert all(FLOOR[below] <= 3 for above, below in EDGES if above in APART and below not in APART)
    assert all(FLOOR[above] == 8 for above, below in EDGES if below in APART and above not in APART)


def test_what_may_take_for_ever_is_handed_out_by_the_worker_alone() -> None:
    trees = {f.relative_to(ROOT).as_posix(): ast.parse(f.read_text()) for f in FILES}
    modules = {f: {n.module or "" for n in ast.walk(t) if isinstance(n, ast.ImportFrom)} for f, t in trees.items()}
    modules = {f: found | {a.name for n in ast.walk(trees[f]) if isinstance(n, ast.Import) for a in n.names} for f, found in modules.items()}
    assert [f for f, found in modules.items() if "symgd.referee.simplifying" in found] == ["worker.py"]
    said = {f for f, t in trees.items() for n in ast.walk(t) if isinstance(n, ast.Attribute) and n.attr in ("simplify", "trigsimp", "nsimplify", "radsimp")}
    said |= {f for f, t in trees.items() for n in ast.walk(t) if isinstance(n, ast.ImportFrom) and {a.name for a in n.names} & {"simplify", "simplifying"}}
    assert said == {"referee/simplifying.py"}


@pytest.mark.parametrize("room", ["term", "indices", "language", "reading", "typeset", "document"])
def test_the_tree_reading_and_writing_need_no_sympy_and_no_numpy(room: str) -> None:
    files = [f for f in FILES if f.relative_to(ROOT).parts[0].removesuffix(".py") == room]
    heavy = {"sympy", "numpy", "mpmath", "flint"}
    assert not [f for f in files for n in ast.walk(ast.parse(f.read_text())) if isinstance(n, ast.Import) and heavy & {a.name.split(".")[0] for a in n.names}]
    assert not [f for f in files for n in ast.walk(ast.parse(f.read_text())) if isinstance(n, ast.ImportFrom) and (n.module or "").split(".")[0] in heavy]


@pytest.mark.parametrize("words", [["-c", "import symgd"], ["-m", "symgd", "--help"], ["-m", "symgd", "--version"]])
def test_the_front_door_imports_neither_sympy_nor_numpy(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-X", "importtime", *words], capture_output=True, text=True, timeout=60, check=True)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "symgd" in loaded
    assert not loaded & {"sympy", "numpy", "mpmath", "flint"}
