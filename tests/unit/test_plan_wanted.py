from mailbot.effects import Folder, Folders
from mailbot.plan.scope import applicable, due, folders_of, of_account, on_arrival
from mailbot.plan.wanted import wanted
from mailbot.search.nodes import Key, Or
from tests.unit.planned import FOLDERS, ruleset


def names(rules):
    return [rule.name for rule in rules]


def test_the_fields_are_all_that_conditions_and_actions_read_and_what_a_plan_shows():
    found = wanted(ruleset("""
- {name: a, when: {header: {X-Spam: true}}, then: [flag: seen]}
- {name: b, when: {to: ada}, then: [move: "L/{list_id}"]}
- {name: c, when: {seen: true}, then: [flag: flagged]}
"""), narrow=False).fields
    assert found.headers == {"x-spam", "to", "list-id", "from", "subject"}
    assert not found.structure


def test_the_structure_is_fetched_where_a_condition_or_a_save_reads_it():
    assert wanted(ruleset("- {name: a, when: {attachment: true}, then: [flag: seen]}"), narrow=False).fields.structure
    assert wanted(ruleset("- {name: a, when: {seen: true}, then: [save: x/]}"), narrow=False).fields.structure


def test_the_server_is_asked_its_own_keys_and_the_conditions_of_rules_that_delete_each_once():
    rules = ruleset("""
- {name: a, when: {any: [{body: x}, {subject: y}]}, then: [flag: seen]}
- {name: b, when: {body: x, seen: true}, then: [flag: flagged]}
- {name: c, when: {subject: old}, then: [delete]}
- {name: d, when: {body: z}, then: [delete]}
""")
    asked = wanted(rules, narrow=False).ask
    assert asked == (Key("body", ("x",)), rules[2].when, Key("body", ("z",)))


def test_a_folder_is_narrowed_to_what_some_rule_can_match():
    rules = ruleset("""
- {name: a, when: {subject: x}, then: [flag: seen]}
- {name: b, when: {from: y}, then: [flag: seen]}
- {name: c, when: {subject: x}, then: [copy: A]}
""")
    assert wanted(rules, narrow=True).narrow == Or((rules[0].when, rules[1].when))
    assert wanted(rules[:1], narrow=True).narrow == rules[0].when
    assert wanted(rules, narrow=False).narrow is None


def test_a_rule_for_every_message_leaves_nothing_to_narrow():
    rules = ruleset("""
- {name: a, when: {subject: x}, then: [flag: seen]}
- {name: b, when: {any: [{seen: true}, {seen: false}]}, then: [flag: seen]}
""")
    assert wanted(rules, narrow=True).narrow is None


def test_the_scope_is_handed_through():
    found = wanted(ruleset("- {name: a, when: {subject: x}, then: [flag: seen]}"), since=8, uids=[3, 5], narrow=False)
    assert (found.since, found.uids) == (8, (3, 5))


WHERE = """
- {name: all, when: {all: true}, then: [flag: seen]}
- {name: work, when: {all: true}, then: [flag: seen], accounts: ["work*"]}
- {name: off, when: {all: true}, then: [flag: seen], enabled: false}
- {name: globs, when: {all: true}, then: [flag: seen], folders: ["*"]}
- {name: bin, when: {all: true}, then: [flag: seen], folders: ['\\Trash', Gone], schedule: 6h}
"""


def test_rules_apply_by_account_and_are_out_of_force_where_disabled():
    rules = ruleset(WHERE)
    assert names(of_account(rules, "work1")) == ["all", "work", "globs", "bin"]
    assert names(of_account(rules, "home")) == ["all", "globs", "bin"]


def test_rules_apply_by_folder():
    rules = ruleset(WHERE)
    assert names(applicable(rules, account="home", folder="INBOX", folders=FOLDERS)) == ["all", "globs"]
    assert names(applicable(rules, account="home", folder="A", folders=FOLDERS)) == ["globs"]
    assert names(applicable(rules, account="home", folder="Trash", folders=FOLDERS)) == ["bin"]


def test_arrival_and_schedule_part_the_rules():
    rules = ruleset(WHERE)
    assert names(on_arrival(rules)) == ["all", "work", "off", "globs"]
    assert names(due(rules, {"bin", "all"})) == ["bin"]


def test_the_folders_of_an_account_stand_in_the_order_of_the_rules_each_once():
    assert folders_of(ruleset(WHERE), account="home", folders=FOLDERS) == ("INBOX", "A", "Archive", "B", "Trash")


def test_folders_that_are_not_there_are_no_scope():
    none = Folders({"INBOX": Folder("INBOX", frozenset())}, {})
    assert folders_of(ruleset(WHERE), account="home", folders=none) == ("INBOX",)
