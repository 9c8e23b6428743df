"""Where passwords come from; and that they go nowhere else."""

import os
import sys
import traceback
from pathlib import Path

import pytest

from mailbot.accounts import secrets
from mailbot.accounts.secrets import FromCommand, FromEnv, FromFile, Plain, Secret
from mailbot.errors import ConfigError


def command(code: str) -> FromCommand:
    return FromCommand((sys.executable, "-c", code))


@pytest.mark.parametrize(("octets", "password"), [
    (b"hunter2", "hunter2"),
    (b"hunter2\n", "hunter2"),
    (b"hunter2\r\n", "hunter2"),
    (b" hunter2 \n", " hunter2 "),
    ("pässwörd\n".encode(), "pässwörd"),
])
def test_one_trailing_newline_is_stripped_and_nothing_else(tmp_path: Path, octets: bytes, password: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(octets)
    assert FromFile(path).read() == password
    assert command(f"import sys; sys.stdout.buffer.write({octets!r})").read() == password


def test_a_rotated_password_is_found_at_the_next_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "password"
    from_file, from_env = FromFile(path), FromEnv("MAILBOT_TEST_PASSWORD")
    for password in ("first", "second"):
        path.write_text(password)
        monkeypatch.setenv("MAILBOT_TEST_PASSWORD", password)
        assert (from_file.read(), from_env.read()) == (password, password)


def test_a_command_is_run_without_a_shell_and_without_input() -> None:
    code = "import sys; print(sys.argv[1], end=sys.stdin.read())"
    assert FromCommand((sys.executable, "-c", code, "$HOME; *")).read() == "$HOME; *"


@pytest.mark.parametrize(("secret", "words"), [
    (Plain(""), ["the password is empty"]),
    (Plain("hun\nter2"), ["more than one line"]),
    (FromFile(Path("/nowhere/at/all")), ["the password file /nowhere/at/all", "No such file"]),
    (FromFile(Path("/")), ["the password file /", "directory"]),
    (FromEnv("MAILBOT_TEST_UNSET"), ["MAILBOT_TEST_UNSET is not set"]),
    (FromCommand(("/nowhere/pass", "show")), ["the password command /nowhere/pass", "No such file"]),
    (command(""), ["is empty"]),
    (command("print('hun'); print('ter2')"), ["more than one line"]),
    (command("import sys; sys.stdout.buffer.write(b'hunter2\\xff')"), ["is not UTF-8"]),
    (command("import sys; print('hunter2'); sys.exit('locked\\nfirst unlock\\x1b[31m')"), ["exit code 1: first unlock·[31m"]),
    (command("import sys; print('hunter2'); sys.exit(3)"), ["exit code 3"]),
])
def test_what_cannot_be_read_is_one_clear_line_without_the_password(secret: Secret, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        secret.read()
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    whole = "".join(traceback.format_exception(caught.value))
    assert "ter2" not in str(caught.value)
    assert "ter2'" not in whole.replace("print('hun'); print('ter2')", "")
    assert "locked" not in str(caught.value)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "PATIENCE", 0.5)
    hanging = command("import sys, threading; print('hunter2', flush=True); threading.Event().wait()")
    with pytest.raises(ConfigError, match="gave no answer within") as caught:
        hanging.read()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "hunter2" not in str(caught.value)


def test_no_secret_shows_itself() -> None:
    assert "hunter2" not in repr(Plain("hunter2")) + str(Plain("hunter2")) + f"{[Plain('hunter2')]}"


def test_the_environment_is_not_changed_by_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBOT_TEST_PASSWORD", "hunter2\n")
    assert FromEnv("MAILBOT_TEST_PASSWORD").read() == "hunter2"
    assert os.environ["MAILBOT_TEST_PASSWORD"] == "hunter2\n"
