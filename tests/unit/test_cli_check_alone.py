"""What `mailbot check` without a server leaves alone: it is run at every save of a file, and imports were most of its time."""

import os
import subprocess
import sys
from pathlib import Path

RULES = """\
accounts: {home: {host: imap.example.org, user: ada, password: {env: NONE}}}
rules: [{name: a, when: {from: ada}, then: [flag: seen]}]
"""
FOR_SERVERS_ALONE = ("imaplib", "imapclient", "http.client", "sqlite3", "mailbot.imap", "mailbot.engine")
PROGRAM = f"""\
import sys
from mailbot.cli.main import main
code = main(["check", "rules.yaml"])
print(*(name for name in {FOR_SERVERS_ALONE!r} if name in sys.modules))
sys.exit(code)
"""


def test_without_connect_nothing_is_imported_that_is_for_servers_alone(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env={**os.environ, "MAILBOT_STATE": str(tmp_path / "state")},
                          capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, [""]), done.stderr
