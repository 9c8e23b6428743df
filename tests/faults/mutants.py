"""Mutants: one guard taken out of the program at a time, and the tests that must then fail.

    python -m tests.faults.mutants [NAME…]      # each in a copy of the project; 1 where one lives, or an unmutated copy fails
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("mailbot", "tests", "pyproject.toml", "rules.example.yaml")
TOGETHER = 2

INTERRUPTED = "tests/faults/test_engine_interrupted.py"
SAVING = "tests/faults/test_saving_faults.py"
SIGHTINGS = ("tests/unit/test_engine_sightings.py",)
ENGINE = (INTERRUPTED, *(f"tests/unit/test_engine_{name}.py" for name in ("recovery", "arrival", "folder", "journal", "undo")))
JOURNAL, RECOVERY, RESTORED = ((f"tests/unit/test_engine_{name}.py",) for name in ("journal", "recovery", "restored"))
PLANNER = ("tests/unit/test_plan_planner.py",)
APPLY = ("tests/wire/test_apply.py",)
WAKING = ("tests/wire/test_idle.py", "tests/faults/test_wakeups.py")


class Mutant(NamedTuple):
    """`old`, which is there once, becomes `new`; `killed_by` are pytest's arguments."""

    name: str
    file: str
    old: str
    new: str
    killed_by: tuple[str, ...] = (INTERRUPTED,)


MUTANTS = (
    # -- the journal: what is written before and after
    Mutant("no intent is found again", "engine/effect_rows.py", "'intent', ?, ?", "'failed', ?, ?"),
    Mutant("no outcome is written", "engine/waves.py", "        self._settle(became)\n", "", ENGINE),
    Mutant("no new mail is noted", "engine/inflow.py", "                journal.pending.begin(self.inbox, uids)\n", ""),
    Mutant("the journal is not synced", "engine/database.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL",
           ("tests/unit/test_engine_journal.py",)),
    Mutant("what was moved leaves its rows behind", "engine/effect_rows.py", "isinstance(outcome.effect, Move | Delete)]", "False]",
           ENGINE),
    # -- the look-up after an interruption
    Mutant("no look into the target", "engine/recovery.py",
           "        put = Copies(self._engine.journal, self._mailbox, here).put(rows)\n", "        put: dict[int, Place] = {}\n"),
    Mutant("no look into the source", "engine/recovery.py", "isinstance(row.effect, Move) and row.at in here", "False"),
    Mutant("the source is not compared by its fingerprint", "engine/recovery.py", " and fingerprint(message) == row.fingerprint}", "}",
           ENGINE),
    Mutant("one copy answers for two", "engine/copies.py", "                taken.add(free[0])\n", "", RECOVERY),
    Mutant("what another row put there answers too", "engine/copies.py",
           "known = self._effects.put(self._mailbox.account, rows[0].target.folder, state.uidvalidity, every)",
           "known: set[int] = set()", RECOVERY),
    Mutant("what was there before answers too", "engine/copies.py",
           "row.target_uidnext if row.target.uidvalidity == state.uidvalidity else 1", "1", ENGINE),
    Mutant("what is alike is the same", "engine/copies.py", "if row.at in found and (not", "if False and (not",
           RECOVERY),
    Mutant("no look into a target that was renamed", "engine/copies.py",
           "return selected(self._mailbox, found[0]) if len(found) == 1 else None", "return None", RECOVERY),
    Mutant("interrupted flags are looked for one by one", "engine/recovery.py", "_same(_after_all(rows[:count], flags), flags)",
           "not count or _same(_after_all(rows[count - 1:count], flags), flags)", RECOVERY),
    # -- the state
    Mutant("the state is opened beside SQLite", "engine/database.py", "        schema.migrate(connection)\n    except BaseException:",
           "        schema.migrate(connection)\n        identity(path)\n    except BaseException:", JOURNAL),
    Mutant("an older state goes on where it was", "engine/restored.py", "    if known < last:", "    if False:", RESTORED),
    Mutant("a copy of the state goes on too", "engine/restored.py", "    if rows and database.file and rows[0]", "    if False and rows[0]",
           RESTORED),
    Mutant("an account's lock holds nobody", "engine/locks.py", "        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
           "        pass\n", JOURNAL),
    # -- barriers
    Mutant("a save is no barrier", "engine/chains.py", """            case _:
                if saves:
                    cut()
""", "            case _:\n"),
    Mutant("a chain goes on after a failure", "engine/waves.py", "if chain.uid not in broken and self._goes_on", "if self._goes_on",
           (*ENGINE, SAVING)),
    Mutant("what follows a copy does not wait", "imap/apply.py", "if not ended.isdisjoint(order.uids):", "if False:", APPLY),
    # -- proof
    Mutant("an original goes without proof of its copy", "imap/apply.py", "for uid in task.uids if uid in where)",
           "for uid in task.uids)", APPLY),
    Mutant("everything marked is expunged", "imap/tasks.py", 'Command("UID EXPUNGE", (uid_set,), slow=True)',
           'Command("EXPUNGE", slow=True)', APPLY),
    Mutant("expunged without UIDPLUS too", "imap/tasks.py", ' if "UIDPLUS" in self.capabilities else ()', "", APPLY),
    Mutant("a removal is taken at its word", "imap/tasks.py", "if uid not in there and looked:", "if True:", APPLY),
    # -- what the plan was made of
    Mutant("another UIDVALIDITY is no matter", "engine/passes.py", "if cursor and same and not _set_back(", "if cursor and not _set_back(",
           ENGINE),
    Mutant("a folder that was replaced while we looked elsewhere is no matter", "engine/standing.py",
           "return now if now.uidvalidity == state.uidvalidity else None", "return now", ("tests/unit/test_engine_replaced.py",)),
    Mutant("another message under the UID is no matter", "engine/execute.py",
           "if fingerprint(message) != chain.named.fingerprint:", "if False:", ENGINE),
    Mutant("a plan of another UIDVALIDITY is no matter", "engine/execute.py",
           "    if state.uidvalidity != plan.uidvalidity:\n        return", "    if False:\n        return", ENGINE),
    Mutant("other flags than the plan's are no matter", "engine/execute.py",
           "if _flags(message.flags) != _flags(chain.named.flags):", "if False:", ENGINE),
    Mutant("a limit holds nothing back", "plan/merge.py", "len(touched) > rule.limit", "False", PLANNER),
    Mutant("a delete takes our word for it", "plan/judge.py", "if ready.deletes and (why :=", "if False and (why :=", PLANNER),
    Mutant("a doubt keeps nothing", "plan/chain.py", "case Move() | Delete() if standing.hold is not None:",
           "case Move() | Delete() if False:", PLANNER),
    Mutant("a delete of every message is accepted", "rules/load.py", "if always_true(rule.when) and not", "if False and not",
           ("tests/unit/test_rules_load.py",)),
    Mutant("undo takes what lies at the UID for its message", "engine/sightings.py",
           "if message is not None and fingerprint(message) == mark:", "if message is not None:", ("tests/unit/test_engine_undo.py",)),
    Mutant("undo takes another equal message of ours", "engine/sightings.py", "if claims[message.uid] <= {place}", "if True", SIGHTINGS),
    Mutant("undo takes equal mail that was there before", "engine/sightings.py", "or place.uid < message.uid", "or True", SIGHTINGS),
    Mutant("undo does not note where it found a message", "engine/undo.py",
           "effects.relocate((row.id for row in rows if row.fingerprint == mark), now)", "pass", SIGHTINGS),
    # -- the disk
    Mutant("a file is not synced", "engine/saving.py", "self._disk.sync(file)", "pass", (SAVING,)),
    Mutant("its name is not synced", "engine/saving.py", "                self._disk.sync_folder(folder)\n", "", (SAVING,)),
    Mutant("its folder's name is not synced", "engine/saving.py", "self._disk.sync_folder(parent)", "pass", (SAVING,)),
    Mutant("a link is followed", "engine/disk.py", "0 if parent is None else os.O_NOFOLLOW", "0",
           ("tests/faults/test_saving_strangers.py",)),
    # -- waking up
    Mutant("what was announced before is slept through", "imap/idling.py", "if (told := heard()) is not None:",
           "if (told := None) is not None:", WAKING),
    Mutant("what has been read ahead is not looked at", "imap/idling.py", """            while self._pipeline.hear():
                pass
""", "            self._pipeline.hear()\n", WAKING),
)
# Killed within seconds: tried with every run of the tests.
QUICK = ("no look into the target", "a save is no barrier", "an original goes without proof of its copy", "a file is not synced",
         "no intent is found again", "everything marked is expunged")


def mutated(mutant: Mutant | None, folder: Path) -> None:
    """A copy of the project there, with this change."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    if mutant:
        file = folder / "mailbot" / mutant.file
        text = file.read_text()
        assert text.count(mutant.old) == 1, f"{mutant.name}: {mutant.file} has changed: {text.count(mutant.old)} × {mutant.old!r}"
        file.write_text(text.replace(mutant.old, mutant.new))


def outcome(mutant: Mutant | None, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code (0: all passed, 1: some failed), and the end of what it said."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        mutated(mutant, Path(folder))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "--no-header", "-p", "no:warnings", *tests]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return ended.returncode, ended.stdout[-2000:]


def main(names: list[str]) -> int:
    wanted = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    with ThreadPoolExecutor(TOGETHER) as pool:
        lived = 0
        for mutant, (code, said) in zip(wanted, pool.map(lambda mutant: outcome(mutant, mutant.killed_by), wanted), strict=True):
            lived += code != 1
            print(f"{'killed' if code == 1 else 'LIVES' if code == 0 else f'pytest ended with {code}'}: {mutant.name}", flush=True)
            if code not in {0, 1}:
                print(said)
    every = tuple(sorted({test for mutant in wanted for test in mutant.killed_by}))
    code, said = outcome(None, every)
    print(f"unmutated: {'passes' if code == 0 else said}\n{len(wanted) - lived} of {len(wanted)} mutants killed")
    return 1 if lived or code else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
