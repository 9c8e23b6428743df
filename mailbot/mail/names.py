"""File names from strangers' text (safety.md, "Strangers' data")."""

import re
import unicodedata

from mailbot.mail.structure import Part

_SEPARATORS = re.compile(r"[/\\]")
_RESERVED = re.compile(r'[<>:"/\\|?*]')
# Windows: these are devices, whatever extension follows.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(?:\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=.)\.[^.\s]{1,16}$")

# Our own short list: the one that Python reads from the system differs from one machine to the next.
_USUAL = {
    "application/gzip": ".gz", "application/ics": ".ics", "application/json": ".json", "application/msword": ".doc",
    "application/pdf": ".pdf", "application/pgp-encrypted": ".pgp", "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc", "application/pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-tnef": ".dat", "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods", "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-7z-compressed": ".7z", "application/x-gzip": ".gz", "application/x-pdf": ".pdf",
    "application/x-pkcs7-mime": ".p7m", "application/x-pkcs7-signature": ".p7s", "application/x-tar": ".tar",
    "application/x-zip-compressed": ".zip", "application/xml": ".xml", "application/zip": ".zip", "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/wav": ".wav", "audio/x-wav": ".wav", "image/bmp": ".bmp",
    "image/gif": ".gif", "image/heic": ".heic", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/pjpeg": ".jpg",
    "image/png": ".png", "image/svg+xml": ".svg", "image/tiff": ".tif", "image/webp": ".webp",
    "message/delivery-status": ".txt", "message/global": ".eml", "message/rfc822": ".eml", "text/calendar": ".ics",
    "text/css": ".css", "text/csv": ".csv", "text/html": ".html", "text/markdown": ".md", "text/plain": ".txt",
    "text/rfc822-headers": ".txt", "text/rtf": ".rtf", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
    "text/xml": ".xml", "video/mp4": ".mp4", "video/mpeg": ".mpg", "video/quicktime": ".mov", "video/webm": ".webm",
}


def safe_name(text: str) -> str:
    """The last component, as a file name for any system. "" if nothing is left."""
    return safe_text(_SEPARATORS.split(text.rstrip("/\\"))[-1])


def safe_text(text: str, limit: int = 150) -> str:
    """As safe_name, for text that is no path (a subject): separators become "_". `limit` (≥ 32) octets at most."""
    text = unicodedata.normalize("NFC", "".join(map(_visible, text)))
    text = _ends(" ".join(_RESERVED.sub("_", text).split()))
    text = _ends(_shortened(text, limit))
    return f"_{_shortened(text, limit - 1)}" if _DEVICE.match(text) else text


def _visible(character: str) -> str:
    """Controls, bidi marks and other invisible formats go; line and paragraph separators are spaces."""
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character in "\t\r\n":
        return " "
    return "" if category in {"Cc", "Cf", "Cs"} else character


def _ends(text: str) -> str:
    """No leading dot or dash (hidden files, options), no trailing dot (Windows drops it), no space around."""
    return text.lstrip(".- ").rstrip(". ")


def _shortened(text: str, limit: int) -> str:
    octets = text.encode()
    if len(octets) <= limit:
        return text
    found = _EXTENSION.search(text)
    extension = found[0].encode() if found and len(found[0].encode()) <= limit // 2 else b""
    stem = octets[:limit - len(extension)] if extension else octets[:limit]
    return stem.decode(errors="ignore").rstrip(". ") + extension.decode()


def file_name(part: Part) -> str:
    """What `{name}` is for a part, never empty: its own name, a message's subject, else "part-2.pdf"."""
    name = safe_name(part.name)
    if name:
        return name
    if part.is_message:
        return message_name(part.subject)
    return f"part-{part.number[:100]}{_USUAL.get(part.type, '.bin')}"


def message_name(subject: str | None) -> str:
    """What `{name}` is for a message, whole or attached: its subject, else "message"; with ".eml"."""
    subject = safe_text(subject or "", 146)
    return safe_text(f"{subject}.eml") if subject else "message.eml"
