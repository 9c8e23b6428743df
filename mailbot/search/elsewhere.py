"""What conditions are called in other programs, each with the way out; where no known key is near, or a wrong one is."""

from collections.abc import Mapping

# As keys of a condition, in lower case.
ELSEWHERE: Mapping[str, str] = {
    "and": "keys of one mapping must all hold; of a list of conditions: `all: [{…}, {…}]`",
    "or": "one of several conditions: `any: [{…}, {…}]`",
    "is": "a flag is a key: `unseen: true`, `flagged: true`",
    "has": "`attachment: true`",
    "sender": "`address: {sender: ada@example.org}`, or `header: {Sender: …}`",
    "recipient": "`address: {recipient: ada@example.org}`",
    "reply_to": "`address: {reply_to: ada@example.org}`",
    "list": "`header: {List-Id: …}`",
    "headers": "`header: {Name: text}`",
    "size": "`larger: 5MB` or `smaller: 5MB`",
    "age": "`older: 30d` or `younger: 30d`",
    "date": "`since`, `before` and `on`; by the Date header `sentsince`, `sentbefore` and `senton`",
    "read": "`seen: true`",
    "unread": "`unseen: true`",
    "starred": "`flagged: true`",
    "important": "`flagged: true`",
    **dict.fromkeys(("tag", "tags"), "`keyword: $todo`"),
    "label": "`keyword: $todo`; at Gmail `gmail_label: Work`",
    **dict.fromkeys(("folder", "folders", "mailbox"), "`folders` stands beside `when`"),
    "regex": r"`matches: {subject: '^\[\w+\]'}`",
    "contains": "the header is the key: `subject: …`",
    "message": "`text: …`",
}

_NO_SEARCH = "SEARCH knows nothing of attachments: the key `attachment: true` does"
# In raw SEARCH, in capitals.
IN_SEARCH: Mapping[str, str] = {
    "CHARSET": "leave it out: it is sent where the text needs it",
    "RETURN": "leave it out: only which messages match is asked",
    "MODSEQ": "this key is not for rules",
    "SAVEDATE": "this key is not for rules",
    "FUZZY": "leave it out: a match is exact",
    "AND": "leave it out: keys one after the other must all hold",
    "&&": "leave it out: keys one after the other must all hold",
    "||": "OR stands before its two keys: OR SEEN FLAGGED",
    "!": "NOT stands before its key: NOT SEEN",
    "SIZE": "LARGER 5000000 or SMALLER 5000000",
    "DATE": "ON, SINCE or BEFORE 5-Jan-2026; by the Date header SENTON, SENTSINCE or SENTBEFORE",
    **dict.fromkeys(("ATTACHMENT", "ATTACHMENTS", "HAS"), _NO_SEARCH),
    **dict.fromkeys(("FLAG", "TAG", "LABEL"), "a keyword is KEYWORD $todo"),
    "READ": 'did you mean "SEEN"?',
    "UNREAD": 'did you mean "UNSEEN"?',
    "STARRED": 'did you mean "FLAGGED"?',
}

# Words of Gmail's own language, `is:unread`.
IN_GMAIL = 'Gmail\'s own language goes behind X-GM-RAW: X-GM-RAW "has:attachment"'
GMAIL: Mapping[str, Mapping[str, str]] = {
    "is": {"unread": 'did you mean "UNSEEN"?', "read": 'did you mean "SEEN"?', "starred": 'did you mean "FLAGGED"?'},
    "has": {"attachment": _NO_SEARCH},
    "filename": {},
    "in": {},
    "label": {},
    "tag": {},
    "category": {},
    "deliveredto": {},
    "list": {},
    "after": {},
    "older_than": {},
    "newer_than": {},
}
