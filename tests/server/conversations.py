"""What is said to the simulator and to Dovecot, who must answer alike. The form is that of talking.py."""

from email.message import EmailMessage
from email.mime.message import MIMEMessage


def _with_parts() -> bytes:
    """A text and its HTML, a PDF, a message with a picture."""
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = "Bo <bo@example.net>", "ada@example.org, cy@example.org", "inside"
    inner["Date"], inner["Message-ID"] = "Tue, 06 Jan 2026 10:00:00 +0100", "<inner@example.net>"
    inner.set_content("the inner text\n")
    inner.add_attachment(b"\x89PNG" * 60, maintype="image", subtype="png", filename="dot.png", disposition="inline",
                         cid="<dot@x>")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "Ada <ada@example.org>", "Bo <bo@example.net>, cy@example.net", "Grüße"
    outer["Cc"], outer["Date"] = '"Dy, the third" <dy@example.net>', "Mon, 05 Jan 2026 10:00:00 +0000"
    outer["Message-ID"], outer["X-Long"] = "<outer@example.org>", "folded " * 20
    outer.set_content("the text\nin two lines\n")
    outer.add_alternative("<p>the text</p>\n", subtype="html")
    outer.add_attachment(b"%PDF-1.7 " * 50, maintype="application", subtype="pdf", filename="invoice 7.pdf")
    outer.attach(MIMEMessage(inner))
    for number, part in enumerate(part for part in outer.walk() if part.get_content_maintype() == "multipart"):
        part.set_boundary(f"b{number}")
    return outer.as_bytes().replace(b"\n", b"\r\n")


MAIL = {
    "one": b"From: Ada <ada@example.org>\r\nTo: Team <team@example.org>\r\nSubject: one\r\n"
           b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nList-Id: Dev <dev.example.org>\r\n"
           b"\r\nThe first body.\r\n",
    "two": b"From: bo@example.net\r\nSubject: =?utf-8?q?caf=C3=A9?= two\r\nMessage-ID: <2@example.org>\r\n"
           b"\r\nThe second body, and more of it.\r\n",
    "three": b"From: Cy <cy@example.net>\r\nCc: ada@example.org\r\nSubject: three\r\n"
             b"Date: Wed, 07 Jan 2026 23:30:00 -0800\r\nX-Empty:\r\n\r\n" + b"A long line of the third body.\r\n" * 50,
    "parts": _with_parts(),
    "cafe": "café".encode(),
    "folder": b"Archive",
}
FILL = """
    APPEND INBOX (\\Seen) "05-Jan-2026 10:00:00 +0000" {one}
    APPEND INBOX (\\Flagged $todo) "06-Jan-2026 10:00:00 +0000" {+two}
    APPEND INBOX () "07-Jan-2026 10:00:00 +0000" {three}
"""

# What Dovecot carries out and the simulator does not, on a folder with FILL in it.
UNLIKE = {
    'UID SEARCH SUBJECT ""': "our grammar refuses an empty text: it would be found in every message",
    "UID SEARCH 1:2": "our grammar knows no message numbers: they change with every expunge",
    "UID SEARCH SINCE 32-Jan-2026": "our grammar refuses a day that is none",
    "UID FETCH 1 FAST": "mailbot asks for items, not by macro",
    "UID FETCH 1 RFC822": "mailbot asks for BODY.PEEK[]",
    "UID FETCH 1 BODY": "mailbot asks for BODYSTRUCTURE",
    "SORT (DATE) UTF-8 ALL": "not announced, as all of SORT, THREAD, QUOTA, ACL, ENABLE, NOTIFY …",
}

CONVERSATIONS = {
    "a login by LOGIN": """
        LOGIN USER pass
        NOOP
        LOGOUT
    """,
    "a login by AUTHENTICATE PLAIN": """
        AUTHENTICATE PLAIN AHVzZXIAcGFzcw==
        SELECT INBOX
    """,
    "a login by AUTHENTICATE PLAIN that is no login": """
        AUTHENTICATE PLAIN
        AUTHENTICATE PLAIN !!!
        SELECT INBOX
    """,
    "what is out of place": """
        -
        LIST "" *
        FROBNICATE
        LOGIN USER pass
        LOGIN USER pass
        FETCH 1 FLAGS
        UNSELECT
        FROBNICATE
        SELECT
        SELECT INBOX
        FETCH
        UID FETCH x FLAGS
        UID STORE 1
        UID FROBNICATE 1
    """,
    "who are you": """
        CAPABILITY
        ID ("name" "test")
        ID NIL
        NAMESPACE
    """,
    "folders are listed": """
        LIST "" ""
        LIST "" *
        LIST "" %
        LIST "" "*" RETURN (SPECIAL-USE)
        LIST "" Arch*
        LIST "" inbox
        LIST Arch ive
        LIST "" {folder}
        LSUB "" *
        CREATE Sent
        LIST "" Sent RETURN (SPECIAL-USE)
    """,
    "folders come and go": """
        CREATE Lists/dev
        LIST "" *
        LIST "" %
        CREATE Lists/dev
        CREATE INBOX
        CREATE Lists/ops/
        SUBSCRIBE Lists/dev
        LSUB "" *
        APPEND Lists/dev {one}
        RENAME Lists Groups
        LIST "" *
        LSUB "" *
        STATUS Groups/dev (MESSAGES UIDNEXT)
        RENAME Groups/dev Groups/ops
        RENAME nowhere somewhere
        CREATE Groups/dev/deep
        DELETE Groups/dev
        STATUS Groups/dev (MESSAGES)
        DELETE Groups/dev
        CREATE Groups/dev
        STATUS Groups/dev (MESSAGES)
        DELETE Groups/dev
        DELETE nowhere
        DELETE INBOX
        UNSUBSCRIBE Lists/dev
        LSUB "" *
        DELETE Groups/dev/deep
        LIST "" *
    """,
    "folders that cannot come": """
        CREATE ""
        CREATE a//b
        CREATE /a
        CREATE "a b"
        CREATE a/b
        RENAME a c/d
        LIST "" *
        RENAME c/d c/d/e
        RENAME c/d/b "a b"
        RENAME Archive Archive
        RENAME INBOX Old
        LIST "" *
        DELETE "a b"
    """,
    "a level that is no folder": """
        CREATE Work/deep/er
        SUBSCRIBE Work/deep/er
        LIST "" Work*
        LIST "" Work* RETURN (CHILDREN)
        LIST (SUBSCRIBED) "" * RETURN (CHILDREN)
        LSUB "" *
        LSUB "" %
        LSUB "" Work/%
        CREATE Else
        RENAME Work Work
        RENAME nowhere nowhere
        RENAME Work Work/deep
        RENAME INBOX INBOX
        RENAME Else Work
        LIST "" *
        CREATE Level/kid
        RENAME Level INBOX
        CREATE Level/child
        RENAME Level Archive
        LIST "" *
        RENAME Work Archive
    """,
    "flags in a folder that is examined or empty": FILL + """
        EXAMINE INBOX
        STORE 4 +FLAGS (\\Seen)
        UID STORE 1 +FLAGS (\\Deleted)
        UID EXPUNGE 1:*
        UID MOVE 1 Archive
        EXPUNGE
        UID FETCH 1:* FLAGS
        SELECT Junk
        STORE 1 +FLAGS ($unheard)
        SELECT Junk
    """,
    "part 1 of what is no multipart": FILL + """
        APPEND INBOX {parts}
        SELECT INBOX
        UID FETCH 1 (BODY.PEEK[1] BODY.PEEK[2])
        UID FETCH 4 (BODY.PEEK[2.1] BODY.PEEK[1.1.1] BODY.PEEK[1.3] BODY.PEEK[3.1] BODY.PEEK[3.2.1])
    """,
    "subscriptions": """
        SUBSCRIBE nowhere
        CREATE Work
        SUBSCRIBE Work
        SUBSCRIBE Archive
        LSUB "" *
        LSUB "" %
        LIST (SUBSCRIBED) "" *
        LIST (SPECIAL-USE) "" *
        LIST (SUBSCRIBED) "" A* RETURN (CHILDREN)
        LIST "" * RETURN (SUBSCRIBED)
        LIST "" * RETURN (CHILDREN)
        LIST "" * RETURN (SUBSCRIBED SPECIAL-USE CHILDREN)
        LIST "" * RETURN (FROBS)
        UNSUBSCRIBE nowhere
        UNSUBSCRIBE Work
        LSUB "" *
        LIST (SUBSCRIBED) "" *
        SUBSCRIBE INBOX
        LSUB "" *
    """,
    "a folder with letters beyond ASCII": """
        CREATE "Entw&APw-rfe"
        LIST "" Entw*
        SELECT "Entw&APw-rfe"
    """,
    "folders are opened and left": FILL + """
        SELECT INBOX
        UNSELECT
        EXAMINE INBOX
        SELECT nowhere
        FETCH 1 UID
        SELECT inbox
        CLOSE
        FETCH 1 UID
    """,
    "status is told": FILL + """
        STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
        STATUS nowhere (MESSAGES)
        STATUS INBOX (FROBS)
        STATUS INBOX ()
        STATUS INBOX MESSAGES
        STATUS inbox (UNSEEN)
        SELECT INBOX
        STATUS INBOX (MESSAGES RECENT UNSEEN)
        STATUS Archive (MESSAGES UIDNEXT)
    """,
    "messages are appended": """
        APPEND nowhere {one}
        APPEND INBOX {one}
        SELECT INBOX
        APPEND INBOX (\\Seen) {+two}
        APPEND INBOX (\\Frobs) {two}
        APPEND Archive "05-Jan-2026 23:59:59 -0330" {two}
        SELECT Archive
        UID FETCH 1 (INTERNALDATE FLAGS)
        APPEND Archive (\\Deleted $x) " 5-Jan-2026 10:00:00 +0000" {+one}
        APPEND Archive (\\Recent) {one}
        UID FETCH 2:* (INTERNALDATE FLAGS)
    """,
    "leaving by UNSELECT keeps what is marked": FILL + """
        SELECT INBOX
        UID STORE 1 +FLAGS (\\Deleted)
        UNSELECT
        UNSELECT
        SELECT INBOX
        UID SEARCH DELETED
        SELECT Archive
        EXAMINE INBOX
        UID MOVE 1 Archive
        EXPUNGE
        UID EXPUNGE 1
        CLOSE
        STATUS INBOX (MESSAGES)
    """,
    "fields are fetched": FILL + """
        EXAMINE INBOX
        UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM MESSAGE-ID SUBJECT)])
        UID FETCH 1,3 (BODY.PEEK[HEADER])
        UID FETCH 2 (BODY.PEEK[])
        UID FETCH 2 (BODY.PEEK[]<5.10>)
        UID FETCH 2 (BODY.PEEK[]<5000.10>)
        UID FETCH 2 (BODY.PEEK[TEXT])
        UID FETCH 99 (FLAGS)
        UID FETCH 99:* (FLAGS)
        UID FETCH 3:2 FLAGS
        FETCH 1:2 FLAGS
        FETCH * (UID FLAGS)
        FETCH 1 (ENVELOPE)
        FETCH 1 FROBS
        FETCH 9 FLAGS
    """,
    "reading marks as read, unless it peeks": FILL + """
        SELECT INBOX
        UID FETCH 3 (BODY.PEEK[TEXT]<0.5>)
        UID FETCH 3 (FLAGS)
        UID FETCH 3 (BODY[TEXT]<0.5>)
        UID FETCH 3 (FLAGS)
        EXAMINE INBOX
        UID FETCH 2 (BODY[TEXT]<0.5>)
        UID FETCH 2 (FLAGS)
    """,
    "parts are fetched": """
        APPEND INBOX {parts}
        APPEND INBOX {one}
        SELECT INBOX
        UID FETCH 1:2 (BODYSTRUCTURE)
        UID FETCH 1 (ENVELOPE)
        UID FETCH 1 (BODY.PEEK[1])
        UID FETCH 1 (BODY.PEEK[1.1])
        UID FETCH 1 (BODY.PEEK[1.2])
        UID FETCH 1 (BODY.PEEK[2]<0.20>)
        UID FETCH 1 (BODY.PEEK[3])
        UID FETCH 1 (BODY.PEEK[3.1])
        UID FETCH 1 (BODY.PEEK[3.2])
        UID FETCH 1 (BODY.PEEK[3.HEADER])
        UID FETCH 1 (BODY.PEEK[3.TEXT]<0.30>)
        UID FETCH 1 (BODY.PEEK[9])
        UID FETCH 1 (BODY.PEEK[3.MIME])
        UID FETCH 1 (BODY.PEEK[9.MIME]<0.65536>)
        UID FETCH 1 (BODYSTRUCTURE BODY.PEEK[2.MIME]<0.65536> BODY.PEEK[2]<0.1000000>)
        UID FETCH 2 (BODYSTRUCTURE BODY.PEEK[1.MIME]<0.65536> BODY.PEEK[1]<0.1000000>)
        UID FETCH 2 (BODY.PEEK[2])
    """,
    "messages are searched for": FILL + """
        SELECT INBOX
        UID SEARCH ALL
        SEARCH ALL
        UID SEARCH SEEN
        UID SEARCH NOT SEEN UNFLAGGED
        UID SEARCH OR FLAGGED SEEN
        UID SEARCH KEYWORD $TODO
        UID SEARCH UNKEYWORD $todo
        UID SEARCH FROM ada@example.org
        UID SEARCH CC "ada"
        UID SEARCH SUBJECT "ON"
        UID SEARCH CHARSET UTF-8 SUBJECT {+cafe}
        UID SEARCH CHARSET UTF-8 SUBJECT {cafe}
        UID SEARCH CHARSET frobs SUBJECT "x"
        UID SEARCH HEADER List-Id "dev"
        UID SEARCH HEADER X-Empty ""
        UID SEARCH HEADER Cc ""
        UID SEARCH BODY "second BODY"
        UID SEARCH TEXT "message-id"
        UID SEARCH LARGER 500
        UID SEARCH SMALLER 200
        UID SEARCH ON 6-Jan-2026
        UID SEARCH SINCE 6-Jan-2026 BEFORE 8-Jan-2026
        UID SEARCH SENTON 7-Jan-2026
        UID SEARCH OLDER 60
        UID SEARCH YOUNGER 60
        UID SEARCH UID 2:*
        UID SEARCH UID 99:* ALL
        UID SEARCH UID 1,3 (OR SUBJECT "one" SUBJECT "two")
        UID SEARCH RETURN (ALL) ALL
        UID SEARCH RETURN () SEEN
        UID SEARCH RETURN (MIN MAX COUNT) ALL
        UID SEARCH RETURN (ALL) DELETED
        UID SEARCH RETURN (COUNT) DELETED
        SEARCH RETURN (ALL COUNT) UID 2:3
        UID SEARCH NOT (SEEN UNFLAGGED)
        UID SEARCH OR (SEEN NOT FLAGGED) OR FLAGGED NOT SUBJECT "three"
        UID SEARCH UNSEEN UNANSWERED UNDELETED UNDRAFT
        UID SEARCH NEW
        UID SEARCH OLD
        UID SEARCH RECENT SEEN
        UID SEARCH NOT BODY "long line"
        UID SEARCH SENTSINCE 6-Jan-2026
        UID SEARCH FROBS
        UID SEARCH SUBJECT
        UID SEARCH (SEEN
    """,
    "flags are stored": FILL + """
        SELECT INBOX
        UID STORE 1 +FLAGS (\\Flagged $new)
        UID STORE 1 -FLAGS (\\Seen)
        UID STORE 1:2 FLAGS (\\Answered)
        UID STORE 3 +FLAGS.SILENT (\\Seen $other)
        UID STORE 3 -FLAGS.SILENT $OTHER
        UID STORE 99 +FLAGS (\\Seen)
        STORE 2 +FLAGS \\Draft
        UID STORE 1 +FLAGS (\\Frobs)
        UID STORE 1 FROBS (\\Seen)
        UID FETCH 1:3 FLAGS
        EXAMINE INBOX
        UID STORE 1 +FLAGS (\\Deleted)
        UID FETCH 1 FLAGS
    """,
    "messages are copied and moved": FILL + """
        SELECT INBOX
        UID COPY 1:2 Archive
        UID COPY 1 nowhere
        UID COPY 99 Archive
        COPY 3 Archive
        STATUS Archive (MESSAGES UIDNEXT)
        UID MOVE 1,3 Archive
        UID MOVE 2 nowhere
        UID MOVE 99 Archive
        UID FETCH 1:* (UID FLAGS)
        UID COPY 2 INBOX
        UID FETCH 1:* (UID FLAGS)
        UID MOVE 2 Trash
        SELECT Archive
        UID FETCH 1:* (UID FLAGS INTERNALDATE)
    """,
    "what COPYUID names": FILL + FILL + """
        SELECT INBOX
        UID COPY 1,3:4,6 Archive
        UID MOVE 2,5:6 Archive
        MOVE 1 Trash
        UID MOVE 1:* Junk
        UID MOVE 1 Junk
        STATUS Junk (MESSAGES UIDNEXT)
        EXAMINE Archive
        UID FETCH 1:* (UID)
    """,
    "what RETURN tells": FILL + """
        SELECT INBOX
        UID SEARCH RETURN (MIN) ALL
        UID SEARCH RETURN (MAX) SEEN
        UID SEARCH RETURN (COUNT) NOT ALL
        SEARCH RETURN (ALL MIN MAX COUNT) UNSEEN
        UID SEARCH RETURN (FROBS) ALL
        UID SEARCH RETURN ALL
        UID SEARCH RETURN (MIN MAX) DELETED
        UID SEARCH CHARSET UTF-8 ALL
        UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {cafe}
    """,
    "messages are expunged": FILL + FILL + """
        SELECT INBOX
        UID STORE 1:4 +FLAGS.SILENT (\\Deleted)
        UID EXPUNGE 1,3,5
        UID EXPUNGE 99
        UID SEARCH ALL
        EXPUNGE
        UID STORE 5 +FLAGS.SILENT (\\Deleted)
        EXAMINE INBOX
        CLOSE
        SELECT INBOX
        CLOSE
        SELECT INBOX
    """,
    "others are at work in the folder": FILL + """
        SELECT INBOX
        B: SELECT INBOX
        B: UID STORE 1 +FLAGS (\\Flagged)
        NOOP
        B: UID STORE 2 +FLAGS.SILENT (\\Deleted)
        B: UID EXPUNGE 2
        NOOP
        B: APPEND INBOX {one}
        NOOP
        B: UID MOVE 1 Archive
        FETCH 1:2 (UID)
        NOOP
    """,
    "mail is announced during IDLE": FILL + """
        SELECT INBOX
        IDLE
        B: APPEND INBOX {one}
        hear EXISTS
        B: SELECT INBOX
        B: UID STORE 1 +FLAGS.SILENT (\\Deleted)
        B: UID EXPUNGE 1
        hear EXPUNGE
        DONE
        UID SEARCH ALL
        IDLE
        B: SELECT INBOX
        B: UID STORE 2 +FLAGS (\\Seen)
        hear FETCH
        DONE
        NOOP
    """,
    "IDLE without a folder": """
        IDLE
        DONE
        NOOP
    """,
}
