"""What rules, actions and flags are called in other programs, each with the way out."""

from collections.abc import Mapping

# Keys of a rule, in lower case.
RULES: Mapping[str, str] = {
    **dict.fromkeys(("if", "condition", "conditions", "match", "filter", "query"), "the condition stands under `when`"),
    **dict.fromkeys(("do", "action", "actions"), "the actions stand under `then`"),
    **dict.fromkeys(("priority", "order", "weight"), "rules go from top to bottom: move it up or down"),
    **dict.fromkeys(("description", "comment", "note"), "a comment begins with #"),
    **dict.fromkeys(("cron", "every"), "`schedule: 6h`, or a cron line"),
    **dict.fromkeys(("mailbox", "mailboxes", "inbox"), "`folders: [INBOX]`"),
    "else": "a rule of its own below, and `stop: true` here",
    "continue": "later rules go on by themselves, unless this one takes the message",
    "disabled": "`enabled: false`",
}

# Actions, in lower case with _ for -.
_ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(("read", "seen", "mark", "markread", "mark_read", "mark_as_read"), "write - flag: seen"),
    **dict.fromkeys(("unread", "mark_unread"), "write - unflag: seen"),
    **dict.fromkeys(("star", "important"), "write - flag: flagged"),
    **dict.fromkeys(("label", "tag", "keyword", "addflag"), "write - flag: $todo; another place is a folder: - copy: Todo"),
    "removeflag": "write - unflag: $todo",
    "setflag": "write - set_flags: [seen]",
    **dict.fromkeys(("fileinto", "file"), "write - move: Folder"),
    "archive": r"write - move: \Archive",
    **dict.fromkeys(("junk", "spam"), r"write - move: \Junk"),
    "discard": "write - trash; for good, - delete",
    "expunge": "write - delete",
    "download": "write - save: DIRECTORY/",
    **dict.fromkeys(("stop", "keep"), "`stop: true` beside `then`: later rules leave the message"),
    **dict.fromkeys(
        ("forward", "redirect", "reply", "vacation", "reject", "exec", "run", "command", "shell", "pipe", "notify", "webhook"),
        "not in this language, on purpose: it moves, flags and saves mail"),
}

# Keywords, in lower case, that were probably to be a flag.
MEANT: Mapping[str, str] = {
    "read": "mail that was read is `seen`",
    **dict.fromkeys(("unread", "unseen"), "mail becomes unread by `unflag: seen`"),
    **dict.fromkeys(("star", "starred", "important"), "mail programs show a star for `flagged`"),
}


def in_other_words(action: str) -> str:
    """The way out, "" where the word is none that is known."""
    return _ACTIONS.get(action.lower().replace("-", "_"), "")
