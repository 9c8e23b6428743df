"""docs/architecture.md names files, functions and rooms that are there."""

import ast
import dataclasses
import re
import tomllib

from mailbot.rules.actions import Action
from mailbot.search import keys
from mailbot.search.spec import Spec
from tests.docs import TOP

TEXT = (TOP / "docs/architecture.md").read_text()


def defined(path: str) -> set[str]:
    found = set[str]()
    for node in ast.parse((TOP / path).read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def test_every_path_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:mailbot|tests)/[\w/.]*)`", TEXT)
    assert len(named) > 15
    assert [path for path in named if not (TOP / path).exists()] == []


def test_everything_that_it_places_in_a_file_is_defined_there() -> None:
    placed = re.findall(r"`(\w+)`\s+(?:in|\()\s*`(mailbot/[\w/]+\.py)`", TEXT)
    assert len(placed) >= 12
    assert [(name, path) for name, path in placed if name not in defined(path)] == []


def test_it_has_every_room_in_the_order_of_the_contract() -> None:
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rooms = [room.strip() for layer in layers for room in layer.split("|")]
    assert re.findall(r"(?m)^\| `(\w+)` \|", TEXT) == rooms
    there = (path for path in (TOP / "mailbot").iterdir() if path.is_dir() or path.suffix == ".py")
    assert {path.stem for path in there if path.stem[0] != "_"} == set(rooms)


def test_it_says_which_rooms_are_pure() -> None:
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    pure = next(contract["source_modules"] for contract in contracts if "pure" in contract["name"])
    told = re.search(r"((?:`\w+`(?:, | and ))+`\w+`) are pure", TEXT)
    assert told
    assert re.findall(r"`(\w+)`", told[1]) == [room.removeprefix("mailbot.") for room in pure]


def section(heading: str) -> str:
    return TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]


def test_what_it_says_of_a_row_of_keys_is_in_the_row() -> None:
    text = section("Adding a key")
    told = {name for line in re.findall(r"(?m)^- (.*?):", text) for name in re.findall(r"`(\w+)`", line)}
    assert told <= {field.name for field in dataclasses.fields(Spec)}
    assert set(re.findall(r"`(\w+)\.py`", text)) == {family.__name__.rpartition(".")[2] for family in keys._FAMILIES}


def test_what_it_says_of_an_action_is_in_its_class() -> None:
    told = re.search(r"It has (.*?)\. If", section("Adding an action"), re.DOTALL)
    assert told
    known = {"name", "doc", "example", "schema", "takes", "fields", "read", "effects"}
    assert set(re.findall(r"`(\w+)`", told[1])) - {"Missing"} == known
    assert known <= {*vars(Action), *Action.__annotations__}
