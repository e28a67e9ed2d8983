"""The wheel has the files of the three packages, and no others."""

import configparser
import re
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT

PACKAGES = ("client/tunedmodels", "mockserver/tunedmodels_mockserver", "contracts/tunedmodels_contracts")

# A report shows this page, whose source is in docs/.
FROM_THE_DOCS = {"tunedmodels_contracts/report/invented.md": "docs/invented.md"}

# Home folders of Linux, macOS and Windows at the start of a path; example.com/home/x is none.
HOME = re.compile(rb"(?<![\w.-])(?:/home/|/root/|/Users/|[A-Za-z]:\\Users\\)\w[\w.-]*")

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="session")
def wheel(wheel_file: Path) -> dict[str, bytes]:
    """The files of the wheel: name to content."""
    with zipfile.ZipFile(wheel_file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def in_dist_info(wheel: dict[str, bytes], name: str) -> str:
    """The text of the one file of that name in the wheel's dist-info folder."""
    (path,) = [path for path in wheel if re.fullmatch(rf"[^/]+\.dist-info/{re.escape(name)}", path)]
    return wheel[path].decode()


def test_wheel_has_three_packages_at_the_top(wheel: dict[str, bytes]) -> None:
    """Installing brings tunedmodels, tunedmodels_mockserver and tunedmodels_contracts, and no other name."""
    tops = {name.split("/")[0] for name in wheel}

    assert {top for top in tops if not top.endswith(".dist-info")} == {Path(p).name for p in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_the_files_of_the_package(wheel: dict[str, bytes], package: str) -> None:
    """The wheel has exactly the files of the source folder, also templates, data and py.typed."""
    folder = ROOT / package
    in_source = {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in wheel if name.startswith(f"{folder.name}/")} - {*FROM_THE_DOCS} == in_source
    assert f"{folder.name}/py.typed" in wheel


def test_wheel_holds_pages_of_the_docs(wheel: dict[str, bytes]) -> None:
    """The wheel has the pages of docs/ that a report shows."""
    for name, source in FROM_THE_DOCS.items():
        assert wheel[name] == (ROOT / source).read_bytes()


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
    """No file names a home folder or the checkout."""
    checkout = str(ROOT).encode()
    folders = {name: HOME.findall(content) + [checkout] * (checkout in content) for name, content in wheel.items()}

    assert {name: paths for name, paths in folders.items() if paths} == {}
