"""The one entry and the locks: standard library, pinned and hashed, no host of any registry."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.project import PROJECT

LOCKS = ("requirements.lock", "requirements-dev.lock")
REGISTRIES = re.compile(
    rb"pypi\.org|pythonhosted\.org|registry\.npmjs|yarnpkg\.com|unpkg\.com|jsdelivr|cdnjs"
    rb"|--(extra-)?index-url|--find-links|proxy\.golang"
)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  (git is found where it is installed)
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [PROJECT / name for name in names if name and (PROJECT / name).is_file()]


def pins(lock: str) -> dict[str, str]:
    lines = (PROJECT / lock).read_text().splitlines()
    found = (PINNED.match(line) for line in lines)
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


@pytest.fixture
def dev() -> ModuleType:
    loader = SourceFileLoader("dev", str(PROJECT / "dev"))
    spec = spec_from_loader("dev", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_no_file_of_ours_names_a_registry() -> None:
    itself = Path(__file__).resolve()
    naming = [
        str(path.relative_to(PROJECT))
        for path in tracked_files()
        if path != itself and REGISTRIES.search(path.read_bytes())
    ]

    assert naming == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_is_pinned_and_hashed(lock: str) -> None:
    text = (PROJECT / lock).read_text()
    requirements = re.split(r"\n(?=[A-Za-z0-9])", text.strip())

    unsafe = [
        requirement.splitlines()[0]
        for requirement in requirements
        if not PINNED.match(requirement) or "--hash=sha256:" not in requirement
    ]

    assert unsafe == []


def test_what_production_runs_is_what_was_tested() -> None:
    production, tested = pins(LOCKS[0]), pins(LOCKS[1])

    differing = {name for name in production if production[name] != tested.get(name)}
    assert differing == set()


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    tested = pins(LOCKS[1])

    for requirement in asked:
        pinned = PINNED.match(requirement)
        name = re.split(r"[=\[<>~]", requirement)[0].lower()
        assert name in tested, f"{name} is not in {LOCKS[1]}"
        if pinned:
            assert tested[name] == pinned[2], f"{name} is locked at another version"


def test_the_entry_needs_nothing_but_python_itself() -> None:
    tree = ast.parse((PROJECT / "dev").read_text())
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }

    assert imported <= sys.stdlib_module_names


def test_the_environment_is_made_anew_when_a_lock_changes(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*LOCKS, "pyproject.toml"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    monkeypatch.setattr(dev, "PROJECT", tmp_path)
    monkeypatch.setattr(dev, "LOCK", tmp_path / LOCKS[1])
    before = dev.fingerprint()

    unchanged = dev.fingerprint()
    (tmp_path / LOCKS[1]).write_text("another==1.0 --hash=sha256:00\n")

    assert unchanged == before
    assert dev.fingerprint() != before


def test_the_entry_answers_a_word_it_does_not_know_with_bad_use() -> None:
    answered = subprocess.run(  # noqa: S603  (our own command line)
        [PROJECT / "dev", "nonsense"], capture_output=True, text=True, check=False
    )

    assert answered.returncode == 2
    for word in ("setup", "run", "test", "check", "fix", "migrate", "bench"):
        assert word in answered.stderr


def test_what_stands_behind_test_reaches_pytest_in_its_order(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ["-n", "2", "tests/edi", "-q"]
    monkeypatch.setattr(dev, "setup", lambda _: 0)
    monkeypatch.setattr(dev, "hand_over", lambda command: command[-4:] != typed)
    monkeypatch.setattr(dev, "CHROMIUM", ("sh",))
    monkeypatch.setattr(sys, "argv", ["dev", "test", *typed])

    assert dev.main() == 0


@pytest.mark.parametrize("name", ["dev", ".ci/run"])
def test_what_people_start_can_be_started(name: str) -> None:
    assert (PROJECT / name).stat().st_mode & 0o111
