"""A file is written whole or not at all: the old one or the new one, and nothing else, whatever fails."""

import errno
import os
import resource
import signal
import stat
import tempfile
import threading
from pathlib import Path

import pytest
from faults import faults

from lrfit.errors import OutputError
from lrfit.messages import shown
from lrfit.system.files import check_writable, open_output

OLD, NEW = b"the old file\n", b"the new file\n" * 100_000


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "folder" / "model.json"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def write(path, content=NEW):
    with open_output(str(path)) as file:
        file.write(content)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def save_with_fault(path, n, error=errno.EIO):
    """The calls that saving made, and why it was refused; None if it was not."""
    with faults(n, error) as made:
        try:
            with open_output(str(path)) as file:
                file.write(NEW[:100])
                file.write(NEW[100:])
        except OutputError as refusal:
            return made, str(refusal)
    return made, None


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EINVAL, errno.EPERM])
def test_whichever_call_fails_the_old_file_stays_or_the_new_one_is_whole(target, error):
    """An error means the old file, no error the new one; never a temporary file beside it."""
    failed, n = [], 0
    while not failed or failed[-1] is not None:
        n += 1
        target.write_bytes(OLD)
        made, refusal = save_with_fault(target, n, error)
        failed.append(made.failed)
        assert names_in(target.parent) == [target.name], f"call {n}, {made.failed}"
        assert target.read_bytes() == (NEW if refusal is None else OLD), f"call {n}, {made.failed}"
        if refusal is not None:
            assert refusal == f"{shown(str(target))} cannot be written: {os.strerror(error)}"
    assert set(failed) >= NEEDED


NEEDED = {"open", "file", "write", "fsync", "chmod", "file.close", "replace"}


@pytest.mark.parametrize("call", sorted(NEEDED))
def test_a_failure_before_the_new_file_is_in_place_is_reported(target, call):
    made, _ = save_with_fault(target, None)
    target.write_bytes(OLD)
    _, refusal = save_with_fault(target, made.calls.index(call) + 1)
    assert refusal is not None
    assert target.read_bytes() == OLD


def test_the_new_file_is_on_the_disk_before_it_takes_the_place_of_the_old_one(target):
    """And all that is told of it; then the folder."""
    made, _ = save_with_fault(target, None)
    file, *calls = [call for call in made.calls if call not in ("chown", "write")][1:]
    assert file == "file"
    assert calls == ["chmod", "fsync", "file.close", "replace", "open", "fsync", "close"]
    assert max(i for i, call in enumerate(made.calls) if call == "write") < made.calls.index("fsync")


def test_a_disk_that_fills_up_leaves_the_old_file(target):
    """A real failing write: the size of files is limited."""
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(NEW) // 2, old_limit[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written: File too large"):
            write(target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == [target.name]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit, GeneratorExit])
def test_an_interrupted_writer_leaves_the_old_file_and_its_own_error(target, error):
    def save():
        with open_output(str(target)) as file:
            file.write(NEW)
            raise error

    with pytest.raises(error):
        save()
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == [target.name]


def test_the_old_file_can_be_read_until_the_new_one_is_complete(target):
    with open_output(str(target)) as file:
        file.write(NEW)
        file.flush()
        assert target.read_bytes() == OLD
        opened = target.open("rb")
    with opened:
        assert opened.read() == OLD
    assert target.read_bytes() == NEW


def test_a_new_file_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("model.json")
    assert (tmp_path / "model.json").read_bytes() == NEW
    assert names_in(tmp_path) == ["model.json"]


def test_a_new_file_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), open_output(str(tmp_path / "model.json")):
        raise ZeroDivisionError
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o400, 0o755])
def test_the_mode_of_the_old_file_is_kept(target, mode):
    target.chmod(mode)
    write(target)
    assert mode_of(target) == mode
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077])
def test_a_new_file_gets_the_mode_that_the_umask_allows(tmp_path, mask):
    old_mask = os.umask(mask)
    try:
        write(tmp_path / "model.json")
        assert os.umask(mask) == mask
    finally:
        os.umask(old_mask)
    assert mode_of(tmp_path / "model.json") == 0o666 & ~mask


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("relative", [True, False])
def test_a_symbolic_link_is_kept_and_its_target_replaced(target, tmp_path, exists, relative):
    if not exists:
        target.unlink()
    link, second = tmp_path / "link.json", tmp_path / "second.json"
    link.symlink_to("folder/model.json" if relative else target)
    second.symlink_to("link.json")
    write(second)
    assert link.is_symlink()
    assert second.is_symlink()
    assert not target.is_symlink()
    assert target.read_bytes() == NEW
    assert names_in(tmp_path) == ["folder", "link.json", "second.json"]


def refusals(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "there").symlink_to("back")
    (tmp_path / "back").symlink_to("there")
    (tmp_path / "dangling").symlink_to("missing/model.json")
    return {
        "folder": (tmp_path, "is a folder: name a file"),
        "missing folder": (tmp_path / "missing" / "m", "cannot be written: there is no folder"),
        "folder that is a file": (tmp_path / "file" / "m", "cannot be written: "),
        "link into a missing folder": (tmp_path / "dangling", "cannot be written: "),
        "link to itself": (tmp_path / "loop", "cannot be written: its links lead in a circle"),
        "links in a circle": (tmp_path / "there", "cannot be written: its links lead in a circle"),
        "name too long": (tmp_path / ("x" * 300), "cannot be written: "),
    }


@pytest.mark.parametrize(
    "case",
    [
        "folder",
        "missing folder",
        "folder that is a file",
        "link into a missing folder",
        "link to itself",
        "links in a circle",
        "name too long",
    ],
)
def test_what_cannot_be_written_is_refused_before_and_while_writing(tmp_path, case):
    path, message = refusals(tmp_path)[case]
    before = names_in(tmp_path)
    with pytest.raises(OutputError) as error:
        check_writable(str(path))
    assert str(error.value).startswith(f"{shown(str(path))} {message}")
    with pytest.raises(OutputError):
        write(path)
    assert names_in(tmp_path) == before


@pytest.fixture
def nobody():
    """A folder of a user without rights, who this process is meanwhile if it has all."""
    if os.getuid() != 0:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    with tempfile.TemporaryDirectory() as name:  # not in the folder of the tests, which is another user's
        os.chown(name, 65534, 65534)
        groups = os.getgroups()
        os.setgroups([])
        os.setresgid(65534, 65534, 0)
        os.setresuid(65534, 65534, 0)
        try:
            yield Path(name)
        finally:
            os.setresuid(0, 0, 0)
            os.setresgid(0, 0, 0)
            os.setgroups(groups)


@pytest.mark.parametrize("mode", [0o555, 0o444, 0o000])
@pytest.mark.parametrize("link", [False, True])
def test_a_folder_that_is_read_only_is_refused_beforehand(nobody, mode, link):
    (nobody / "sub").mkdir()
    path = nobody / "sub" / "m.json"
    path.write_bytes(OLD)
    if link:
        (nobody / "link").symlink_to("sub/m.json")
    (nobody / "sub").chmod(mode)
    try:
        for action in (check_writable, write):
            with pytest.raises(OutputError, match=r"cannot be written: [Pp]ermission denied"):
                action(str(nobody / "link" if link else path))
    finally:
        (nobody / "sub").chmod(0o755)
    assert names_in(nobody / "sub") == ["m.json"]
    assert path.read_bytes() == OLD


def test_a_file_that_is_read_only_is_replaced_as_by_mv_and_stays_read_only(nobody):
    path = nobody / "m.json"
    path.write_bytes(OLD)
    path.chmod(0o444)
    check_writable(str(path))
    write(path)
    assert (path.read_bytes(), mode_of(path)) == (NEW, 0o444)
    assert names_in(nobody) == ["m.json"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of others")
def test_the_owner_is_kept_where_the_system_allows(nobody):
    """Not if one may write to the folder, but not give files away: then it is one's own."""
    path = nobody / "m.json"
    path.write_bytes(OLD)
    os.setresuid(0, 0, 0)
    try:
        os.chown(path, 12345, 54321)
        path.chmod(0o640)
        write(path)
        status = path.stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 54321, 0o640)
    finally:
        os.setresuid(65534, 65534, 0)
    write(path, OLD)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (65534, 65534, 0o640)


def test_other_hard_links_keep_the_old_content(target):
    other = target.parent / "other.json"
    other.hardlink_to(target)
    write(target)
    assert (target.read_bytes(), other.read_bytes()) == (NEW, OLD)


def test_a_folder_without_permission_is_refused_beforehand(target, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != target.parent or mode != os.W_OK)
    with pytest.raises(OutputError, match="cannot be written: permission denied"):
        check_writable(str(target))


def test_a_file_that_can_be_written_passes_the_check_untouched(target):
    check_writable(str(target))
    check_writable(str(target.parent / "new.json"))
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == [target.name]


def test_names_are_shown_escaped(tmp_path):
    path = tmp_path / "\x1b[31m" / "model.json"
    with pytest.raises(OutputError, match=r"\\x1b\[31m") as error:
        check_writable(str(path))
    assert str(error.value).isprintable()


def test_an_empty_name_is_refused(tmp_path, monkeypatch):
    """As of a variable of the shell that is not set."""
    monkeypatch.chdir(tmp_path)
    for action in (check_writable, write):
        with pytest.raises(OutputError, match=r"^'' is no name of a file"):
            action("")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["x" * 255, "温" * 83, "😀" * 63, "a\nb", "-", " ", ".hidden", os.fsdecode(b"\xff\xfe.json")]
)
def test_any_name_that_the_file_system_allows_can_be_written(tmp_path, name):
    write(tmp_path / name)
    assert (tmp_path / name).read_bytes() == NEW
    assert names_in(tmp_path) == [name]


def received_while(action, open_reader):
    """What a reader gets from a FIFO or pipe while `action` writes to it."""
    received = []

    def read():
        with open_reader() as reader:
            received.append(reader.read())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    action()
    thread.join(timeout=5)
    return received


def test_a_fifo_is_written_to_and_stays_a_fifo(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert received_while(lambda: write(fifo), lambda: fifo.open("rb")) == [NEW]
    assert fifo.is_fifo()
    assert names_in(tmp_path) == ["fifo"]


def test_a_pipe_that_is_named_by_its_descriptor_is_written_to():
    """As /dev/stdout is, before a `|`, and `>(gzip > model.gz)` in bash."""
    reading, writing = os.pipe()

    def write_and_close():
        try:
            write(f"/dev/fd/{writing}")
        finally:
            os.close(writing)

    assert received_while(write_and_close, lambda: os.fdopen(reading, "rb")) == [NEW]


def test_devices_are_written_to_and_stay_devices():
    write("/dev/null")
    with pytest.raises(OutputError, match=r"'/dev/full' cannot be written: No space left on device"):
        write("/dev/full")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_stream_that_leads_to_a_file_is_refused_and_the_file_kept(target, tmp_path):
    """What else goes there would be lost; by whatever name, also one that the user has given it."""
    with target.open("ab") as opened:
        names = [f"/dev/fd/{opened.fileno()}", f"/proc/self/fd/{opened.fileno()}", tmp_path / "link"]
        (tmp_path / "link").symlink_to(names[0])
        for name in names:
            for action in (check_writable, write):
                with pytest.raises(OutputError, match="is a stream that is closed, or leads to a file"):
                    action(str(name))
    with pytest.raises(OutputError, match="is a stream that is closed"):
        check_writable(names[0])
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == [target.name]


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no folder in memory")  # noqa: S108
def test_a_folder_below_dev_is_a_folder_like_others():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        write(Path(folder) / "m.json")
        write(Path(folder) / "m.json", OLD)
        assert (Path(folder) / "m.json").read_bytes() == OLD
        assert names_in(Path(folder)) == ["m.json"]
