"""Messages as the tests deliver them."""

from email.message import EmailMessage

_MADE = iter(range(1, 10**9))


def message(subject: str = "hello", sender: str = "Ada <ada@example.org>", to: str = "me@example.org", body: str = "text\n",
            attachment: tuple[str, str, bytes] | None = None, **headers: str) -> bytes:
    """`attachment`: file name, type, content. Header names with `_` for `-`."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = "Mon, 05 Jan 2026 10:00:00 +0000"
    made["Message-ID"] = f"<{next(_MADE)}.{abs(hash(subject))}@example.org>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    if attachment:
        name, kind, content = attachment
        main, sub = kind.split("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()
