"""Tests which files an atomic write replaces, keeps and refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tunedmodels_mockserver.files import atomic

from ..serving import run_command, serve_process


def test_a_write_replaces_an_older_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    """The file has only the new content, and its folder has no other file."""
    path = tmp_path / "file"
    path.write_text("an older and longer content")
    path.chmod(0o640)
    atomic.write(path, b"new\n")

    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    """They are those of any file that a program creates here."""
    (tmp_path / "usual").touch()
    atomic.write(tmp_path / "file", b"")

    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("exists", [True, False])
def test_a_write_follows_symbolic_links(tmp_path: Path, exists: bool) -> None:
    """The links stay, and their target gets the content, whether it existed before or not."""
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    if exists:
        target.write_text("old")
    (tmp_path / "inner").symlink_to("folder/target")
    (tmp_path / "outer").symlink_to(tmp_path / "inner")
    atomic.write(tmp_path / "outer", b"new")

    assert target.read_text() == "new"
    assert (tmp_path / "outer").is_symlink()
    assert (tmp_path / "inner").is_symlink()
    assert list((tmp_path / "folder").iterdir()) == [target]


def irregular(folder: Path) -> list[Path]:
    """Return paths that are not regular files, and links to them."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "device").symlink_to(os.devnull)
    (folder / "loop").symlink_to("loop")
    return [folder / "folder", folder / "fifo", folder / "device", folder / "loop", Path(os.devnull)]


def test_a_write_refuses_other_kinds_of_files(tmp_path: Path) -> None:
    """A folder, a FIFO, a device and a loop of links do not change."""
    paths = irregular(tmp_path)
    kinds = {path: path.lstat().st_mode for path in paths}
    for path in paths:
        with pytest.raises(OSError, match=path.name):
            atomic.write(path, b"x")

    assert {path: path.lstat().st_mode for path in paths} == kinds
    assert sorted(tmp_path.iterdir()) == sorted(paths[:-1])


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full, for example, the old content stays, and no partial file is left."""

    def full(_descriptor: int) -> None:
        raise OSError("No space left on device")

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write(path, b"new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("option", ["--export-on-exit", "--port-file"])
def test_the_command_refuses_other_kinds_of_files_at_its_start(tmp_path: Path, option: str) -> None:
    """The sentence names the path, and the status is 2."""
    for path in irregular(tmp_path)[:3]:
        result = run_command("serve", option, str(path))

        assert (result.exit_code, path.exists()) == (2, True)
        assert f"{path}: It exists and is not a regular file. Name a file." in " ".join(result.stderr.split())


def test_the_command_writes_through_links(tmp_path: Path) -> None:
    """The links of the state and of the port file stay; the port file's target is removed at the end."""
    for name in ("state", "port"):
        (tmp_path / name).symlink_to(f"{name}.txt")
    options = ("--export-on-exit", str(tmp_path / "state"), "--port-file", str(tmp_path / "port"))
    with serve_process(*options) as (process, url):
        assert (tmp_path / "port.txt").read_text() == f"{url.rpartition(':')[2]}\n"
        process.terminate()
        assert process.wait(30) == 0

    assert (tmp_path / "state").is_symlink()
    assert "tunedmodels-state" in (tmp_path / "state.txt").read_text()
    assert not (tmp_path / "port.txt").exists()
