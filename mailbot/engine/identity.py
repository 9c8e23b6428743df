"""Which file this is: a copy of it, or what was put in its place, is another."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from struct import calcsize
from typing import NamedTuple

_GETVERSION = 0x80007601 | calcsize("l") << 16      # _IOR("v", 1, long), as most architectures write it


class FileIdentity(NamedTuple):
    device: int
    inode: int
    generation: int     # of the inode, where the file system tells (ext4, XFS, Btrfs): ext4 gives numbers out again at once

    def is_at(self, path: Path) -> bool:
        """Whether it is still there under this name. OSError where that cannot be seen."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == (self.device, self.inode)


def identity(path: Path, flags: int = os.O_RDONLY) -> FileIdentity:
    """Of the file there, opened (or made, mode 0600) with these flags.

    For a database, before SQLite opens it, and never while it is open: closing any descriptor of a file gives up every lock that
    the process has on it (fcntl(2)). Who closes the same database elsewhere would then be its last user, and take the log away
    that we go on writing to (sqlite.org/howtocorrupt.html, 2.2).
    """
    file = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        found, generation = os.fstat(file), bytearray(8)
        # ioctl_fs(2const): FS_IOC_GETVERSION fills an int, though it is declared to take a long.
        with suppress(OSError):
            fcntl.ioctl(file, _GETVERSION, generation)
        return FileIdentity(found.st_dev, found.st_ino, int.from_bytes(generation, "little"))
    finally:
        os.close(file)
