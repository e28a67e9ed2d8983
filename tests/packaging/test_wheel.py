"""What the wheel holds, and that it holds nothing else."""

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("client/tunedmodels", "mockserver/tunedmodels_mockserver", "contracts/tunedmodels_contracts")

# The page of what is invented: a report shows it, and its source lies among the docs.
FROM_THE_DOCS = {"tunedmodels_contracts/report/invented.md": "docs/invented.md"}

# Homes as they look on Linux, macOS and Windows, at the start of a path: example.com/home/x is none.
HOME = re.compile(rb"(?<![\w.-])(?:/home/|/root/|/Users/|[A-Za-z]:\\Users\\)\w[\w.-]*")

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a freshly built wheel: name to content."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert built.returncode == 0, f"The wheel could not be built:\n{built.stdout}"
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def in_dist_info(wheel: dict[str, bytes], name: str) -> str:
    """The text of the one file of that name in the wheel's dist-info folder."""
    (content,) = [
        content for path, content in wheel.items() if re.fullmatch(rf"[^/]+\.dist-info/{re.escape(name)}", path)
    ]
    return content.decode()


def test_wheel_has_three_packages_at_the_top(wheel: dict[str, bytes]) -> None:
    """Installing brings tunedmodels, tunedmodels_mockserver and tunedmodels_contracts, and no other name."""
    tops = {name.split("/")[0] for name in wheel}

    assert {top for top in tops if not top.endswith(".dist-info")} == {Path(p).name for p in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_the_files_of_the_package(wheel: dict[str, bytes], package: str) -> None:
    """Every file of the source folder is in, templates and data too, and nothing is in that is not there."""
    folder = ROOT / package
    in_source = {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in wheel if name.startswith(f"{folder.name}/")} - {*FROM_THE_DOCS} == in_source


def test_wheel_holds_pages_of_the_docs(wheel: dict[str, bytes]) -> None:
    """What a report shows of the docs is in, as it is there."""
    for name, source in FROM_THE_DOCS.items():
        assert wheel[name] == (ROOT / source).read_bytes()


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_py_typed(wheel: dict[str, bytes], package: str) -> None:
    """Type checkers see the types of all three packages."""
    assert f"{Path(package).name}/py.typed" in wheel


def test_wheel_has_the_entry_points(wheel: dict[str, bytes]) -> None:
    """The wheel brings three commands and one pytest plugin."""
    parser = configparser.ConfigParser()
    parser.read_string(in_dist_info(wheel, "entry_points.txt"))

    assert {section: dict(parser[section]) for section in parser.sections()} == {
        "console_scripts": {
            "tunedmodels": "tunedmodels.__main__:main",
            "tunedmodels-contracts": "tunedmodels_contracts.__main__:main",
            "tunedmodels-mockserver": "tunedmodels_mockserver.__main__:main",
        },
        "pytest11": {"tunedmodels": "tunedmodels_contracts.plugin"},
    }


def test_wheel_carries_the_licence(wheel: dict[str, bytes]) -> None:
    """The licence is named in the metadata and its text is in the wheel."""
    assert "License-Expression: Apache-2.0" in in_dist_info(wheel, "METADATA").splitlines()
    assert in_dist_info(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_wheel_names_no_folder_of_the_machine_that_built_it(wheel: dict[str, bytes]) -> None:
    """No file says in whose home, or in which checkout, it was made."""
    checkout = str(ROOT).encode()
    found = {
        name: sorted(
            {match.decode() for match in HOME.findall(content)} | ({str(ROOT)} if checkout in content else set())
        )
        for name, content in wheel.items()
    }

    assert {name: paths for name, paths in found.items() if paths} == {}
