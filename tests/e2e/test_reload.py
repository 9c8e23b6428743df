"""An edited rules file is in force within a second; a broken one never is."""

import time
from pathlib import Path

import pytest

from tests.e2e.bot import Bot, over_tls
from tests.e2e.mail import message
from tests.e2e.test_run import subjects
from tests.lab.dovecot import Dovecot

BEFORE = "rules:\n  - {name: r, when: {subject: hello}, then: [{move: Before}]}\n"
AFTER = "rules:\n  - {name: r, when: {subject: hello}, then: [{move: After}]}\n"


def in_place(path: Path, text: str) -> None:
    with path.open("r+") as file:
        file.truncate()
        file.write(text)


def by_rename(path: Path, text: str) -> None:
    new = path.with_name("rules.yaml.tmp")
    new.write_text(text)
    new.replace(path)


@pytest.mark.parametrize("edit", [in_place, by_rename])
def test_an_edited_file_is_in_force_within_a_second(dovecot: Dovecot, tmp_path: Path, edit) -> None:
    user = dovecot.user()
    path = tmp_path / "rules.yaml"
    path.write_text(over_tls(dovecot, user) + BEFORE)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        edit(path, over_tls(dovecot, user) + AFTER)
        began = time.time()
        assert bot.wait("rules.loaded", count=2)[1]["_at"] - began < 1
        dovecot.deliver(user, message("hello"))
        bot.wait("action.applied", action="move", to="After")
        assert bot.stop()[0] == 0
    assert len(bot.seen("session.connected")) == 1, "rules reload without reconnecting"
    assert subjects(dovecot, user, "After") == ["hello"]


def test_a_symlink_swap_of_the_directory_is_in_force_within_a_second(dovecot: Dovecot, tmp_path: Path) -> None:
    """As Kubernetes updates a ConfigMap: rules.yaml -> ..data/rules.yaml, ..data -> ..2026_1, and ..data is renamed over."""
    user = dovecot.user()
    config = tmp_path / "config"
    for name, text in (("..1", BEFORE), ("..2", AFTER)):
        (config / name).mkdir(parents=True)
        (config / name / "rules.yaml").write_text(over_tls(dovecot, user) + text)
    (config / "..data").symlink_to("..1")
    (config / "rules.yaml").symlink_to("..data/rules.yaml")
    with Bot(tmp_path, "--config", str(config)) as bot:
        bot.wait("idle.started")
        (config / "..data_tmp").symlink_to("..2")
        began = time.time()
        (config / "..data_tmp").replace(config / "..data")
        assert bot.wait("rules.loaded", count=2)[1]["_at"] - began < 1
        dovecot.deliver(user, message("hello"))
        bot.wait("action.applied", action="move", to="After")
        assert bot.stop()[0] == 0


def test_a_broken_edit_is_refused_with_every_mistake_and_the_old_rules_stay(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    path = tmp_path / "rules.yaml"
    path.write_text(over_tls(dovecot, user) + BEFORE)
    broken = over_tls(dovecot, user) + "rules:\n  - {name: r, when: {subjet: hello}, then: [{mvoe: After}]}\n"
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        path.write_text(broken)
        refusal = bot.wait("rules.rejected")[0]
        dovecot.deliver(user, message("hello"))
        bot.wait("action.applied", action="move", to="Before")
        path.write_text(over_tls(dovecot, user) + AFTER)
        bot.wait("rules.loaded", count=2)
        assert bot.stop()[0] == 0
    places = [str(problem).split(": ")[0].rsplit("/", 1)[-1] for problem in refusal["problems"]]
    line = broken.splitlines().index(broken.splitlines()[-1]) + 1
    assert places == [f"rules.yaml:{line}:{broken.splitlines()[-1].index(word) + 1}" for word in ("subjet", "mvoe")]
    assert refusal["alert"] is True


def test_a_list_of_ten_thousand_that_gets_one_more_is_in_force_within_a_second(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    names = "".join(f"person{number}@example.org  # known\n" for number in range(10_000))
    (tmp_path / "names.txt").write_text(names)
    (tmp_path / "rules.yaml").write_text(
        over_tls(dovecot, user) + "rules:\n  - {name: known, when: {from: {file: names.txt}}, then: [{move: Known}]}\n")
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("early", "New <new@example.org>"))
        dovecot.deliver(user, message("known", "P <PERSON9999@example.org>"))
        bot.wait("action.applied", action="move")
        by_rename(tmp_path / "names.txt", names + "new@example.org\n")
        began = time.time()
        assert bot.wait("rules.loaded", count=2)[1]["_at"] - began < 1
        dovecot.deliver(user, message("late", "New <new@example.org>"))
        bot.wait("action.applied", action="move", count=2)
        assert bot.stop()[0] == 0
    assert subjects(dovecot, user, "Known") == ["known", "late"]
    assert subjects(dovecot, user, "INBOX") == ["early"]
