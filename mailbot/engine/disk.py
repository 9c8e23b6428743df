"""The calls to the disk that saving makes: where tests let them fail. Names are relative to a directory's descriptor."""

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress

# What link() says where the file system has no hard links: FAT, and some shares.
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
# What fsync() says of a folder where the file system has no use for it: some shares (PostgreSQL passes over the same two).
NO_FOLDER_SYNC = {errno.EINVAL, errno.EBADF}
_RENAME_NOREPLACE = 1       # renameat2(2), Linux


class Disk:
    def open_folder(self, name: str, parent: int | None = None) -> int:
        """Below `parent` no symbolic link is followed; without, the name is the rule author's own."""
        follow = 0 if parent is None else os.O_NOFOLLOW
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow, dir_fd=parent)

    def make_folder(self, name: str, parent: int) -> None:
        os.mkdir(name, 0o700, dir_fd=parent)

    def make_file(self, name: str, parent: int) -> int:
        """A new file, locked as long as it is open (where the file system has locks)."""
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file

    def open_file(self, name: str, parent: int) -> int:
        # O_NONBLOCK: a pipe under that name must not hold us up.
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)

    def write(self, file: int, octets: bytes | memoryview) -> int:
        return os.write(file, octets)

    def set_time(self, file: int, seconds: float) -> None:
        os.utime(file, (seconds, seconds))

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def sync_folder(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in NO_FOLDER_SYNC:
                raise

    def link(self, name: str, new: str, parent: int) -> None:
        """FileExistsError where `new` is taken. Where there are no links, `name` is gone afterwards."""
        try:
            os.link(name, new, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            _rename_to_free(name, new, parent)

    def unlink(self, name: str, parent: int) -> None:
        os.unlink(name, dir_fd=parent)

    def names(self, folder: int) -> Sequence[str]:
        return os.listdir(folder)


def _rename_to_free(name: str, new: str, parent: int) -> None:
    """A rename that replaces nothing; where the system has none, ENOSYS."""
    import ctypes  # 2 ms, for few

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, "this file system has no hard links", new) from None
    if rename(parent, os.fsencode(name), parent, os.fsencode(new), _RENAME_NOREPLACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)
