"""README's examples: each command is run, and prints what README shows; a line `…` stands for lines left out."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(`{3,})(\w+)\n(.*?)^\1$", README, re.MULTILINE | re.DOTALL)
CUT = "…"


def blocks(kind: str) -> list[str]:
    return [text for _, k, text in BLOCKS if k == kind]


def commands() -> list[tuple[str, list[str]]]:
    """(command, the lines shown after it)"""
    out: list[tuple[str, list[str]]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        else:
            out[-1][1].append(line)
    return out


def shows(shown: list[str], printed: list[str]) -> bool:
    """Is `shown` the whole of `printed`, but for the places marked as cut?"""
    if not shown:
        return not printed
    if shown[0] == CUT:
        return any(shows(shown[1:], printed[k:]) for k in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and shows(shown[1:], printed[1:])


@pytest.mark.parametrize(("command", "shown"), commands(), ids=[c for c, _ in commands()])
def test_a_command_prints_what_is_shown(command: str, shown: list[str], tmp_path: Path) -> None:
    tmp_path.joinpath("working.md").write_text(blocks("markdown")[0], encoding="utf-8")
    words = shlex.split(command)
    assert words[:3] == ["uv", "run", "symgd"]
    env = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    run = [sys.executable, "-m", "symgd", *words[3:]]
    done = subprocess.run(run, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120, check=False)
    assert done.returncode in (0, 1), done.stdout
    assert shows([line.rstrip() for line in shown], [line.rstrip() for line in done.stdout.splitlines()]), done.stdout


def test_the_python_lines_show_what_they_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestParser().get_doctest("".join(blocks("pycon")), {}, "README", "README.md", 0)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(found, out=said.append)
    assert result.failed == 0, "".join(said)
    assert result.attempted > 8


def test_what_is_not_shown_is_noticed() -> None:
    assert shows(["a", CUT, "c"], ["a", "b", "c"])
    assert not shows(["a", CUT, "d"], ["a", "b", "c"])
    assert not shows(["a"], ["a", "b"])


def test_the_set_up_is_two_commands() -> None:
    assert blocks("sh") == ["pip install uv && uv run symgd fit --report report.html\n", "uv run pytest\n"]


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert Path(__file__).parent.parent.joinpath(target).exists()
