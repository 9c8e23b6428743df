"""Figures of one large attachment: `python -m bench.attachment [MB]` (100), on a private Dovecot.

What saving it costs the idle bot in memory; and in time, beside a plain BODY.PEEK[] that is handed to Python's email package.
"""

import email
import email.policy
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient

from mailbot.effects import Fields, Save, SavedPart
from mailbot.engine.saving import Saver
from mailbot.imap.session import connect
from mailbot.imap.settings import Settings
from mailbot.mail.structure import attachments
from mailbot.plan.steps import octets_written
from tests.e2e.bot import Bot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import PASSWORD, Dovecot

MOST_MB = 40.0
NAME = "large.bin"
RULES = 'rules: [{name: large, when: {attachment: true}, then: [{save: "in/"}]}]\n'


def mail(octets: int) -> bytes:
    return message("large", attachment=(NAME, "application/octet-stream", os.urandom(octets)))


def saved_by_an_idle_bot(server: Dovecot, home: Path, octets: int) -> tuple[float, float]:
    """MB resident at idle, and MB above that at the most while it saves an attachment of so many octets."""
    user = server.user()
    (home / "rules.yaml").write_text(over_tls(server, user) + RULES)
    with Bot(home) as bot:
        bot.wait("idle.started")
        server.deliver(user, message("small", attachment=("small.bin", "application/octet-stream", b"small")))
        bot.wait("pass.done", messages=1)
        idle = _megabytes(bot.pid, "VmRSS")
        Path(f"/proc/{bot.pid}/clear_refs").write_text("5")     # proc(5): the peak begins anew
        server.deliver(user, mail(octets))
        bot.wait("pass.done", count=2, messages=1, seconds=120)
        peak = _megabytes(bot.pid, "VmHWM")
        bot.stop()
    size = (home / "files" / "in" / NAME).stat().st_size
    if size != octets:
        raise SystemExit(f"{size:,} octets were saved, not {octets:,}")
    return idle, peak - idle


def _megabytes(pid: int, what: str) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split(f"{what}:")[1].split()[0]) / 1024


def streamed(server: tuple[str, int, str], folder: Path) -> None:
    host, port, user = server
    with connect(Settings("bench", host, user, port=port, tls="none"), lambda: PASSWORD) as session:
        session.select("INBOX")
        structure = session.fetch([1], Fields(structure=True))[1].structure
        if structure is None:
            raise SystemExit("no structure")
        part, = attachments(structure)
        wanted = SavedPart(part.number, part.name, part.type, part.decoded_size)
        now = datetime.now(UTC)
        for chunks in session.parts(1, [wanted]):
            Saver().save(Save(wanted, str(folder), str(folder / "streamed")), chunks, now, now)


def whole(server: tuple[str, int, str], folder: Path) -> None:
    host, port, user = server
    with IMAPClient(host, port, ssl=False) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        read = email.message_from_bytes(client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"], policy=email.policy.default)
    for part in read.iter_attachments():
        with (folder / "whole").open("wb") as file:
            file.write(part.get_payload(decode=True))
            os.fsync(file.fileno())


WAYS = {"streamed": streamed, "whole": whole}


def _figures(way: str, host: str, port: str, user: str, folder: str) -> None:
    """In a process of its own: seconds, and MB at the most above those at the start."""
    base = _megabytes(os.getpid(), "VmRSS")
    began, cpu = time.perf_counter(), time.process_time()
    WAYS[way]((host, int(port), user), Path(folder))
    print(time.perf_counter() - began, time.process_time() - cpu, _megabytes(os.getpid(), "VmHWM") - base)


def compared(server: Dovecot, home: Path, octets: int) -> Iterator[str]:
    user = server.user()
    server.seed(user, "INBOX", [mail(octets)])
    for way, words in (("streamed", "BODY.PEEK[n] in chunks, decoded as they come"), ("whole", "BODY.PEEK[] and Python's email")):
        runs = []
        for _ in range(3):
            arguments = [sys.executable, "-m", "bench.attachment", way, server.host, str(server.port), user, str(home)]
            runs.append([float(word) for word in subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()])
        seconds, cpu, most = sorted(runs)[1]
        yield f"{words}: {seconds:.2f} s (median of 3), {cpu:.2f} s of the processor, {most:.0f} MB of memory"


def main() -> None:
    if len(sys.argv) > 2:
        _figures(*sys.argv[1:])
        return
    octets = (int(sys.argv[1]) if len(sys.argv) > 1 else 100) * 1_000_000
    server = Dovecot()
    try:
        with tempfile.TemporaryDirectory() as name:
            idle, above = saved_by_an_idle_bot(server, Path(name), octets)
            print(f"an attachment of {octets_written(octets)} saved by a bot of {idle:.0f} MB: {above:.1f} MB above that at the most")
            for line in compared(server, Path(name), octets):
                print(line, flush=True)
    finally:
        server.close()
    if above > MOST_MB:
        raise SystemExit(f"more than {MOST_MB:.0f} MB")


if __name__ == "__main__":
    main()
