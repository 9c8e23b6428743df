"""What the demo delivers, and the rules that it begins with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

USER = "ada@example.org"
PASSWORD = "in-memory"      # noqa: S105  opens nothing but the demo's own server

RULES = """\
# The rules of this demo. Edit them while it runs: what you save is in force at once, a mistake is refused and told.
version: 1
accounts:
  demo: {{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: {{file: {password}}}}}

rules:
  - name: invoices
    when:
      subject: [invoice, receipt]
      attachment: {{type: application/pdf}}
    then:
      - save: {{to: "invoices/{{from.domain}}-{{name}}"}}
      - flag: [seen, $invoice]
      - move: "Archive/{{received:%Y}}"

  - name: failed builds
    when:
      from: ci@builds.example
      subject: failed
      not: {{subject: flaky}}
    then:
      - flag: flagged
      - move: Builds/Failed

  - name: other builds
    when: {{from: ci@builds.example}}
    then: [{{flag: seen}}, {{move: Builds}}]

  - name: mailing lists
    when: {{header: {{List-Id: true}}}}
    then: [{{move: "Lists/{{list_id|slug}}"}}]

  - name: newsletters
    when: {{header: {{List-Unsubscribe: true}}}}
    then: [{{flag: seen}}, {{move: Newsletters}}]

  - name: parcels
    when:
      any:
        - domain: {{from: parcel.example}}
        - subject: shipped
    then: [{{copy: Parcels}}, {{flag: $parcel}}]

  - name: prizes
    when: {{subject: you have won, none: [{{from: "@example.org"}}]}}
    then: [trash]
"""
# What the demo adds to them half-way.
ADDED = """
  - name: tickets
    when: {matches: {subject: '\\[#(?P<ticket>[0-9]+)\\]'}}
    then: [{move: "Tickets/{match.ticket}"}]
"""


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    address: str
    subject: str
    text: str = "See the subject.\n"
    pdf: str = ""                                               # name of an attachment
    headers: dict[str, str] = field(default_factory=dict)

    def octets(self) -> bytes:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"{self.name} <{self.address}>", USER, self.subject
        message["Date"], message["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="demo.example")
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text)
        if self.pdf:
            content = b"%PDF-1.7\n% Not a real one.\n" * 400
            message.add_attachment(content, maintype="application", subtype="pdf", filename=self.pdf)
        return message.as_bytes()


def _build(subject: str) -> Letter:
    return Letter("CI", "ci@builds.example", subject)


def _list(name: str, subject: str) -> Letter:
    address = f"{name.split()[0].lower()}@people.example"
    return Letter(name, address, subject, headers={"List-Id": "Py Mail <py-mail.lists.example>"})


def _news(name: str, domain: str, subject: str) -> Letter:
    return Letter(name, f"news@{domain}", subject, headers={"List-Unsubscribe": f"<https://{domain}/leave>"})


def _ticket(number: int, subject: str) -> Letter:
    return Letter("Support", "support@desk.example", f"[#{number}] {subject}")


# What arrives together stands together.
FIRST: tuple[tuple[Letter, ...], ...] = (
    (Letter("Acme Billing", "billing@acme.example", "Invoice 1189", pdf="invoice-1189.pdf"),),
    (_build("main #412 passed"), _build("main #413 failed: 2 of 1,204 tests")),
    (Letter("Grace", "grace@example.org", "Lunch on Thursday?", "The usual place?\n"),),
    (_list("Guido R.", "[py-mail] Header folding, again"), _news("Bits Weekly", "bits.example", "Issue 88: what IDLE is for")),
    (Letter("Parcel Service", "no-reply@track.parcel.example", "Out for delivery today"),),
    (Letter("Lottery Bureau", "win@prize.example", "Ada, YOU HAVE WON 1,000,000"),),
    (_ticket(7041, "Cannot print"),),
)
SECOND: tuple[tuple[Letter, ...], ...] = (
    (_ticket(7042, "The printer again"),),
    (_list("Bo Ek", "Re: [py-mail] Header folding, again"), _list("Cy Ito", "Re: [py-mail] Header folding, again")),
    (_build("main #414 failed: flaky network test"),),
    (Letter("Hotel Zur Post", "office@zurpost.example", "Ihr Aufenthalt – Receipt", pdf="beleg 20.pdf"),),
    (Letter("Books & Co", "orders@books.example", "Your order has shipped"), _news("Garden", "garden.example", "Bulbs, now")),
    (_ticket(7042, "It prints!"), Letter("Dy", "dy@people.example", "Photos of the garden")),
    (Letter("Grace", "grace@example.org", "Re: you have won the lunch lottery"), _build("release 2.0 failed")),
)
# What arrives each time that new rules are in force, when the rest is through.
MORE: tuple[Letter, ...] = (
    _build("nightly failed"), _news("Bits Weekly", "bits.example", "Issue 89"),
    Letter("Grace", "grace@example.org", "And dessert?"))


def write_rules(folder: Path, port: int) -> Path:
    """The rules file in this folder, with its password file beside it."""
    password, path = folder / "password", folder / "rules.yaml"
    password.write_text(PASSWORD)
    path.write_text(RULES.format(port=port, user=USER, password=password))
    return path
