"""What one writes without thinking: IMAPClient, a search a rule, and what it finds is moved.

    python -m bench.loop backlog|watch PORT USER RULES     (the password is in MAIL_PASSWORD)
"""

import os
import sys

from imapclient import FLAGGED, SEEN, IMAPClient

from bench.rules import Rule, rules

_FLAGS = {"flagged": FLAGGED, "seen": SEEN}


def search(rule: Rule) -> list[str]:
    return ["HEADER", rule.header, rule.mark] if rule.header == "list-id" else [rule.header.upper(), rule.mark]


def once(client: IMAPClient, wanted: list[Rule]) -> None:
    for rule in wanted:
        found = client.search(search(rule))
        if found and rule.folder:
            client.move(found, rule.folder)
        elif found:
            client.add_flags(found, [_FLAGS[rule.flag]], silent=True)


def main() -> None:
    what, port, user, count = sys.argv[1:]
    wanted = rules(int(count))
    with IMAPClient("127.0.0.1", int(port), ssl=False) as client:
        client.login(user, os.environ["MAIL_PASSWORD"])
        client.select_folder("INBOX")
        if what == "backlog":
            once(client, wanted)
            return
        while True:
            client.idle()
            while not client.idle_check(timeout=600):
                pass
            client.idle_done()
            once(client, wanted)


if __name__ == "__main__":
    main()
