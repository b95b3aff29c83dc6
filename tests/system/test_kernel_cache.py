"""The cache of machine code: used again, checked before it is used, and never in the way.

Whatever happens to its files, a kernel computes what it should, and the next process finds it intact.
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import oracles
import pytest
from depth import cases
from faults import faults

from lrfit.system import kernel_cache as module
from lrfit.system.kernel_cache import compile_kernel
from lrfit.system.machine_code import compiled

TEXT = "def kernel(state):\n    state[0] = 2.0 * state[0] + 1.0\n"
SIGNATURE = "void(float64[::1])"

SCRIPT = f"""
import sys
import numpy as np
from lrfit.system.kernel_cache import compile_kernel
from lrfit.system.machine_code import compiled
kernel, state = compile_kernel({TEXT!r}, {SIGNATURE!r}), np.ones(1)
kernel(state)
print(state[0], "compiled" if "numba" in sys.modules else "kept")
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Where kernels are kept in this test; not made yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lrfit" / "kernels"


def made() -> str:
    """Make the kernel ready, and check what it computes; says whether it was compiled, or kept."""
    with pytest.MonkeyPatch.context() as patch:
        calls = []
        patch.setattr(module, "compiled", lambda *arguments: calls.append(arguments) or compiled(*arguments))
        kernel, state = compile_kernel(TEXT, SIGNATURE), np.ones(1)
    kernel(state)
    assert state[0] == 3.0
    return "compiled" if calls else "kept"


def other_process(**environment: str) -> str:
    """The same in another process."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | environment, timeout=60
    )
    assert result.stderr == ""
    value, how = result.stdout.split()
    assert value == "3.0"
    return how


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


# Kept, and used again.


@pytest.mark.usefixtures("root")
def test_a_kernel_is_compiled_once_and_kept_for_other_processes():
    assert made() == "compiled"
    assert made() == "kept"
    assert other_process() == "kept"


def test_another_source_is_another_kernel(root):
    made()
    other = TEXT.replace("1.0", "5.0")
    state = np.ones(1)
    compile_kernel(other, SIGNATURE)(state)
    assert state[0] == 7.0
    assert made() == "kept"
    assert len([*root.iterdir()]) == 2


def test_other_types_are_another_kernel(root):
    made()
    counts = np.ones(1, np.uint32)
    compile_kernel(TEXT, "void(uint32[::1])")(counts)
    assert counts[0] == 3
    assert made() == "kept"
    assert len([*root.iterdir()]) == 2


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("part", ["sys.version", "COMPILER", "platform.platform", "_processor", "version"])
def test_another_version_or_processor_is_another_kernel(monkeypatch, part):
    before = module._key(TEXT, SIGNATURE)
    new = "9" if part in ("sys.version", "COMPILER") else lambda *_: "9"
    monkeypatch.setattr(f"lrfit.system.kernel_cache.{part}", new)
    assert module._key(TEXT, SIGNATURE) != before


def test_the_folder_is_the_users_own(root):
    made()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert all(path.stat().st_uid == os.getuid() for path in root.rglob("*"))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_to_is_not_used(root, mode, caplog):
    caplog.set_level("INFO", "lrfit")
    made()
    root.chmod(mode)
    assert made() == "compiled"
    assert "machine code is not kept: others could write to " in caplog.text


def test_a_folder_of_another_user_is_not_used(root, monkeypatch):
    made()
    monkeypatch.setattr(os, "getuid", lambda: root.stat().st_uid + 1)
    assert made() == "compiled"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
@pytest.mark.parametrize("above", [1, 2])
def test_a_folder_below_one_that_others_can_write_to_is_not_used(root, above, mode):
    """They could put another in its place."""
    made()
    root.parents[above - 1].chmod(mode)
    assert made() == "compiled"
    root.parents[above - 1].chmod(mode | stat.S_ISVTX)  # as /tmp
    assert made() == "kept"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_a_folder_below_one_of_another_user_is_not_used(root):
    made()
    os.chown(root.parent, 12345, 12345)
    assert made() == "compiled"


def test_what_is_missing_is_made_private_whatever_the_umask(root):
    old_mask = os.umask(0)
    try:
        assert made() == "compiled"
        assert made() == "kept"
    finally:
        os.umask(old_mask)
    folders = [root.parent.parent, root.parent, root, *root.iterdir()]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_nothing_is_made_where_nothing_could_be_kept(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "open" / "cache"))
    assert made() == "compiled"
    assert [*(tmp_path / "open").iterdir()] == []


@pytest.mark.parametrize("link", ["cache", "cache/lrfit", "cache/lrfit/kernels"])
@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_a_link_is_followed_to_a_folder_that_is_as_safe(root, tmp_path, link, mode):
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(mode)
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(there)
    assert made() == "compiled"
    assert made() == ("kept" if mode == 0o700 else "compiled")
    assert root.exists() == (mode == 0o700 or link == "cache/lrfit/kernels")


def test_links_in_a_circle_are_no_harm(root):
    root.parent.parent.symlink_to(root.parent.parent)
    assert made() == "compiled"


def with_other_code(root, intact):
    """The kernel's folder in a cache, with the code of another kernel and a digest that is right."""
    shutil.copytree(intact, root.parent.parent)
    (folder,) = root.iterdir()
    other = compiled(TEXT.replace("2.0", "9.0"), SIGNATURE, folder.name)
    (folder / "kernel.o").write_bytes(other.code)
    (folder / "symbol").write_text(other.symbol)
    (folder / "digest").write_text(module._digest(folder))
    return folder


def test_who_can_write_to_the_cache_can_have_code_run(root, intact):
    """So that the next test means something."""
    with_other_code(root, intact)
    state = np.ones(1)
    compile_kernel(TEXT, SIGNATURE)(state)
    assert state[0] == 10.0


@pytest.mark.parametrize("place", ["cache", "lrfit", "kernels", "folder", "of another", "linked"])
def test_no_code_is_run_that_others_can_have_written(root, intact, tmp_path, place):
    folder = with_other_code(root, intact)
    if place == "of another":
        os.chown(folder, 12345, -1) if os.getuid() == 0 else folder.chmod(0o770)
    elif place == "linked":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        {"cache": root.parent.parent, "lrfit": root.parent, "kernels": root, "folder": folder}[place].chmod(
            0o777
        )
    assert made() == "compiled"


def test_whichever_call_fails_the_kernel_is_there_and_nothing_torn(root):
    made()  # which imports what is needed, and may write that down, too
    shutil.rmtree(root.parent.parent)
    with faults() as counted:
        assert made() == "compiled"
    assert {"mkdir", "file", "write", "file.close", "rename"} <= set(counted.calls)
    for n in range(1, len(counted.calls) + 1, cases(4, 1)):
        shutil.rmtree(root.parent.parent)
        with faults(n, errno.ENOSPC) as failing:
            assert made() == "compiled"
        assert failing.failed
        assert made() in {"compiled", "kept"}
        assert made() == "kept", failing.failed
        assert len([*root.iterdir()]) == 1, failing.failed


@pytest.mark.usefixtures("root")
def test_writes_that_take_only_a_part_are_gone_on_with():
    with faults(part=100) as counted:
        assert made() == "compiled"
    assert counted.calls.count("write") > 10
    assert made() == "kept"


@pytest.mark.usefixtures("root")
def test_numbas_own_cache_is_neither_used_nor_written_to(tmp_path):
    """Whatever the user has set for programs of their own."""
    folder = tmp_path / "numba"
    folder.mkdir()
    assert other_process(NUMBA_CACHE_DIR=str(folder)) == "compiled"
    assert other_process() == "kept"
    assert [*folder.iterdir()] == []


# Damaged.

DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "flipped": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 0xFF]) + path.read_bytes()[1:]),
    "gone": lambda path: path.unlink(),
}


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """A cache with the kernel, to be copied."""
    folder = tmp_path_factory.mktemp("intact")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        made()
    return folder


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["digest", "kernel.py", "kernel.o", "symbol"])
def test_a_damaged_kernel_is_made_anew(root, intact, name, damage):
    shutil.copytree(intact, root.parent.parent)
    (path,) = (path for path in files(root) if path.name.endswith(name))
    DAMAGES[damage](path)
    assert made() == "compiled"
    assert made() == "kept"
    assert len([*root.iterdir()]) == 1


def test_all_of_the_cache_may_be_deleted(root):
    made()
    shutil.rmtree(root.parent.parent)
    assert made() == "compiled"
    assert made() == "kept"


def test_a_kernel_that_was_put_there_by_someone_else_is_not_run(root, intact):
    """Code beside a digest that is not its own."""
    shutil.copytree(intact, root.parent.parent)
    (source,) = (path for path in files(root) if path.name == "kernel.py")
    source.write_text(TEXT.replace("2.0", "9.0"))
    assert made() == "compiled"


def test_a_file_in_place_of_a_kernels_folder_is_no_harm(root, intact):
    shutil.copytree(intact, root.parent.parent)
    (folder,) = root.iterdir()
    shutil.rmtree(folder)
    folder.write_text("")
    assert made() == "compiled"
    assert [*root.iterdir()] == [folder]


# No place for it.


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in (
        tmp_path / "file",
        tmp_path / "file" / "below",
        Path("/proc/nothing"),
        tmp_path / ("a" * 300),
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", str(place))
        assert made() == "compiled"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("given", [None, "", "relative/cache"])
def test_without_an_absolute_xdg_cache_home_kernels_are_kept_below_home(tmp_path, monkeypatch, given):
    """As the specification says of one that is not set, empty or relative."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME") if given is None else monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert made() == "compiled"
    assert made() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert (tmp_path / "home" / ".cache" / "lrfit" / "kernels").exists()


def no_user(_: int) -> None:
    raise KeyError


@pytest.mark.parametrize("home", [None, "relative"])
def test_without_a_home_nothing_is_kept(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pwd, "getpwuid", no_user)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)
    assert made() == made() == "compiled"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("method", ["write_text", "write_bytes", "rename", "mkdir"])
def test_a_full_disk_is_no_harm(root, monkeypatch, method):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.Path, method, fail)
        assert made() == "compiled"
    assert made() == "compiled"
    assert made() == "kept"
    assert len([*root.iterdir()]) == 1


# Several processes.


def test_processes_that_make_the_same_kernel_at_once_do_not_meet(root):
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.split()[0], err) == (0, "3.0", "")
    assert made() == "kept"
    assert len([*root.iterdir()]) == 1


def test_the_command_line_gives_the_same_bytes_from_a_damaged_cache(lrfit, tmp_path):
    data = oracles.SAMPLE_DATA / "lab.csv"
    arguments = ["train", data, "--lr", "0.01", "--executor", "numba", "--format", "json", "-q"]
    cache = tmp_path / "cache"
    expected = lrfit(*arguments, XDG_CACHE_HOME=str(cache))
    assert (expected.returncode, expected.stderr) == (0, b"")
    for path in files(cache):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = lrfit(*arguments, XDG_CACHE_HOME=str(cache))
    assert (result.returncode, result.stdout, result.stderr) == (0, expected.stdout, b"")


def test_a_system_that_does_not_tell_has_a_processor_all_the_same(monkeypatch):
    def fail(_):
        raise OSError

    monkeypatch.setattr(Path, "read_text", fail)
    monkeypatch.setattr("platform.processor", lambda: "abacus")
    assert module._processor() == "abacus"
