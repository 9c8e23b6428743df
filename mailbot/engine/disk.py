"""The calls to the disk that saving makes: where tests let them fail. Names are relative to a directory's descriptor."""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress


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

    def link(self, name: str, new: str, parent: int) -> None:
        """FileExistsError where `new` is taken."""
        os.link(name, new, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)

    def unlink(self, name: str, parent: int) -> None:
        os.unlink(name, dir_fd=parent)

    def names(self, folder: int) -> Sequence[str]:
        return os.listdir(folder)
