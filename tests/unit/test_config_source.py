"""What a configuration is read from: the hash over it, the lists, and where a change is seen."""

import os
from pathlib import Path

import pytest

from mailbot.config.lists import Lists
from mailbot.config.load import content_hash, load
from mailbot.config.paths import config_path, files_folder, state_folder
from mailbot.config.source import mounted_alone, watched
from mailbot.document.problems import Position, Problems
from mailbot.errors import ConfigError

ENVIRON = {"HOME": "/home/ada"}
RULES = "version: 1\nrules:\n  - {name: a, when: {from: {file: lists/vip.txt}}, then: [flag: seen]}\n"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "conf"
    (folder / "lists").mkdir(parents=True)
    (folder / "rules.yaml").write_text(RULES)
    (folder / "lists/vip.txt").write_text("ada@example.org\n")
    return folder


def test_the_hash_is_that_of_what_is_there(conf: Path) -> None:
    for path in (conf, conf / "rules.yaml"):
        config = load(path, ENVIRON)
        assert content_hash(path, config) == config.sha256 == config.ruleset.sha256
        assert len(config.sha256) == 64


MOUNTS = """\
21 1 0:20 / / rw,relatime - overlay overlay rw
45 21 8:1 /srv/mail\\040rules/rules.yaml /config/my\\040rules.yaml ro - ext4 /dev/sda1 rw
46 21 8:1 /srv/lists /config/lists ro - ext4 /dev/sda1 rw
"""


def test_a_file_that_is_mounted_by_itself_is_told_from_one_in_a_mounted_directory() -> None:
    files = [Path("/config/my rules.yaml"), Path("/config/lists/vip.txt"), Path("/config/other.yaml")]
    assert mounted_alone(files, MOUNTS) == (files[0],)
    assert mounted_alone(files, "") == ()


def changed(conf: Path, path: Path) -> None:
    path.write_text(path.read_text() + "\n")


def added(conf: Path, path: Path) -> None:
    (conf / "more.yaml").write_text("version: 1\n")


def gone(conf: Path, path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(("name", "change"), [
    ("rules.yaml", changed), ("lists/vip.txt", changed), ("", added), ("rules.yaml", gone), ("lists/vip.txt", gone)])
def test_the_hash_changes_with_the_rules_their_lists_and_files_that_come_and_go(conf: Path, name: str, change) -> None:
    config = load(conf, ENVIRON)
    change(conf, conf / name)
    assert content_hash(conf, config) != config.sha256


def test_the_hash_does_not_change_with_anything_else(conf: Path) -> None:
    config = load(conf, ENVIRON)
    (conf / "readme.txt").write_text("x")
    (conf / ".#rules.yaml").write_text("x")
    os.utime(conf / "rules.yaml", (1, 1))
    assert content_hash(conf, config) == config.sha256


def test_a_list_that_was_missing_changes_the_hash_when_it_comes(conf: Path) -> None:
    (conf / "lists/vip.txt").unlink()
    with pytest.raises(ConfigError) as caught:
        load(conf, ENVIRON)
    before = content_hash(conf, caught.value)
    (conf / "lists/vip.txt").write_text("ada@example.org\n")
    assert content_hash(conf, caught.value) != before


def test_a_folder_that_is_gone_has_a_hash_too(conf: Path) -> None:
    config = load(conf, ENVIRON)
    (conf / "rules.yaml").unlink()
    (conf / "lists/vip.txt").unlink()
    (conf / "lists").rmdir()
    conf.rmdir()
    assert content_hash(conf, config) != config.sha256


def test_the_folders_of_the_rules_and_of_their_lists_are_watched(conf: Path) -> None:
    assert set(load(conf, ENVIRON).watched) == {conf, conf / "lists"}
    assert set(load(conf / "rules.yaml", ENVIRON).watched) == {conf, conf / "lists"}


def test_every_symbolic_link_on_the_way_is_watched_as_in_a_configmap(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    (conf / "..1").mkdir(parents=True)
    (conf / "..1/rules.yaml").write_text("version: 1\n")
    (conf / "..data").symlink_to("..1")
    (conf / "rules.yaml").symlink_to("..data/rules.yaml")
    assert set(load(conf, ENVIRON).watched) == {conf, conf / "..1"}


def test_a_swapped_folder_is_seen_from_the_folder_that_holds_the_link(tmp_path: Path) -> None:
    (tmp_path / "releases/1").mkdir(parents=True)
    (tmp_path / "current").symlink_to(tmp_path / "releases/1")
    (tmp_path / "releases/1/rules.yaml").write_text("version: 1\n")
    assert set(load(tmp_path / "current/rules.yaml", ENVIRON).watched) == {tmp_path, tmp_path / "releases/1"}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert tmp_path in watched([tmp_path / "a/rules.yaml"])


@pytest.mark.parametrize(("text", "values"), [
    ("", ()),
    ("# nobody yet\n\n", ()),
    ("ada@example.org\nbob@example.org", ("ada@example.org", "bob@example.org")),
    ("  ada@example.org \r\n\tbob\r\n", ("ada@example.org", "bob")),
    ("\ufeffada  # since 2026\nissue #5\nc#\n", ("ada", "issue", "c#")),
    ("größe\n", ("größe",)),
])
def test_a_list_has_one_value_a_line(tmp_path: Path, text: str, values: tuple[str, ...]) -> None:
    (tmp_path / "names.txt").write_bytes(text.encode())
    problems = Problems()
    lists = Lists(problems)
    assert lists("names.txt", Position(str(tmp_path / "rules.yaml"), 1, 1)) == values
    assert not problems.items


def test_a_list_is_read_once_a_load_and_told_wherever_it_is_missing(tmp_path: Path) -> None:
    problems = Problems()
    lists = Lists(problems)
    for line in (1, 2):
        assert lists("no.txt", Position(str(tmp_path / "rules.yaml"), line, 1)) is None
    assert [problem.position.line for problem in problems.items] == [1, 2]
    (tmp_path / "some.txt").write_text("a\n")
    first = lists("some.txt", Position(str(tmp_path / "rules.yaml"), 1, 1))
    (tmp_path / "some.txt").write_text("b\n")
    assert lists("some.txt", Position(str(tmp_path / "rules.yaml"), 2, 1)) is first


@pytest.mark.parametrize(("given", "environ", "path"), [
    ("x.yaml", {"MAILBOT_CONFIG": "/config"}, "x.yaml"),
    (None, {"MAILBOT_CONFIG": "/config"}, "/config"),
    (None, {"MAILBOT_CONFIG": ""}, "rules.yaml"),
    (None, {}, "rules.yaml"),
])
def test_the_rules_are_where_the_command_line_says_else_the_environment(
        given: str | None, environ: dict[str, str], path: str) -> None:
    assert config_path(given, environ) == Path(path)


@pytest.mark.parametrize(("environ", "path"), [
    ({"MAILBOT_STATE": "/data/state", "XDG_STATE_HOME": "/xdg", "HOME": "/home/ada"}, "/data/state"),
    ({"XDG_STATE_HOME": "/xdg", "HOME": "/home/ada"}, "/xdg/mailbot"),
    ({"HOME": "/home/ada"}, "/home/ada/.local/state/mailbot"),
])
def test_the_state_is_where_the_environment_says_else_in_the_xdg_folder(environ: dict[str, str], path: str) -> None:
    assert state_folder(environ) == Path(path)


def test_without_a_home_the_way_out_is_told() -> None:
    with pytest.raises(ConfigError, match="set MAILBOT_STATE"):
        state_folder({})


def test_files_are_saved_where_the_environment_says_else_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files_folder({}) == tmp_path
    assert files_folder({"MAILBOT_FILES": "saved"}) == tmp_path / "saved"
    assert files_folder({"MAILBOT_FILES": "/data/files"}) == Path("/data/files")
