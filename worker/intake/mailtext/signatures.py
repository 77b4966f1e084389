"""What stands below what was written: delimiters, "Sent from my phone", disclaimers, and sign-offs.

Only lines that no answer can consist of count alone; a rule of dashes that a customer drew between two paragraphs, or
"Sent from my account", does not. Called by trim.py and by read().
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice

_TRACKING = re.compile(r"^[\u1427\u2022\u00b7\u200b]?$")  # marks of read receipts count as blank lines

_STRONG = re.compile(r"^(?:-- ?|[—–]|_{4,})$")
_WEAK = re.compile(r"^(?:-{3,}|[*]{3,}|[#]{3,}|[~]{3,}|[=]{3,}|[+]{3,}|_{2,3}|[—–]{2,}|[-=_*~ ]{5,})$")
_LONGEST_SIGNATURE = 15  # lines
_LONGEST_CLOSING = 8  # lines below the sign-off itself
_CONTACT = re.compile(
    r"@|https?:|www\.|\+?\d[\d ()/-]{6,}\d"
    r"|\b(?:tel|phone|mobile|mob|fax|cell|regards|gr[uü](?:ß|ss)e|cordialement|saludos)\b",
    re.I,
)

_SENT = (
    "sent|envoy[ée]e?|gesendet|verschickt|enviad[oa]|inviat[oa]|verzonden|verstuurd|skickat|skickades|sendt|send fra"
    "|lähetetty"
    "|wysłan[eoay]|odeslán[oa]|odoslan[éeo]|elküldve|küldve|gönderildi|отправлено|надіслано|изпратено|trimis"
    "|poslan[oa]|στάλθηκε"
    "|απεστάλη|dikirim|gửi|נשלח|أرسلت?|تم الإرسال|saadetud|išsiųsta|enviat"
)
_BY = (
    "from|via|with|by|using|through|on|depuis|de|avec|à partir d[eu]|von|vom|mit|über|desde|con|da|dal|dallo|do|no"
    "|pelo|através"
    "|van|vanaf|met|från|fra|med|z|ze|přes|pomocí|из|с|со|от|з|із|de pe|din|prin|s|sa|iz|από|με|dari|từ|bằng|uporabo"
    "|מ|من|باستخدام|des de|minu"
)
_DEVICE = re.compile(
    r"i-?(?:phone|pad|pod|mac|os|cloud)|android|galaxy|samsung|huawei|xiaomi|nokia|pixel|oneplus|blackberry|windows"
    r"|nexus"
    r"|phone|telefon|téléphone|teléfono|telefono|telefone|telefoon|mobil|móvil|cell|handy|smart|tablet|device|gerät"
    r"|dispositiv"
    r"|e?-?mail|outlook|yahoo|thunderbird|proton|hey\b|spark|laptop|\bpc\b|computer|\bapp\b|телефон|смартфон|почт"
    r"|кинə|手機|手机|휴대",
    re.I,
)
_NOT_A_DEVICE = re.compile(
    r"\b(?:account|bank|card|wallet|office|side|end|address|konto|compte|cuenta|conto)\b|[?₹$€£]", re.I
)
_MOBILE = re.compile(rf"^[\W_]{{0,3}}(?:{_SENT})\s+(?:{_BY})(?![^\W\d_]).{{1,110}}$", re.I)
_MOBILE_LAST = re.compile(
    r"^[\W_]{0,3}(?:(?:von|vom|diese (?:nachricht|e-?mail|mail)|mit|dit bericht|denne (?:meddelelse|besked)"
    r"|ten e-?mail)\b.{2,110}"
    r"\b(?:gesendet|geschickt|verschickt|versandt|verzonden|sendt)\W*"
    r"|.{2,40}(?:'?[dt][ae]n|ımdan|imden)\s+gönderildi\W*"
    r"|.{2,40}(?:-ról|-ről|ról|ről)\s+küldve\W*|lähetetty\s+\S*(?:sta|stä|lta|ltä)\b.{0,40}"
    r"|(?:從|从|在).{1,30}(?:傳送|发送|發送|寄出)\W*|[发發]自.{1,30}|.{1,30}から送信\W*|.{1,30}에서 보냄\W*)$",
    re.I,
)
_FROM_DEVICE = re.compile(
    r"^[\W_]{0,3}(?:[\w.]+\s+){0,2}from\s+(?:my\s+|a\s+)?(?:mobile|i-?phone|i-?pad|phone|cell|android|tablet"
    r"|blackberry)(?:\s+\w+)?\W*$",
    re.I,
)
_APP = re.compile(
    r"^[\W_]{0,3}(?:get|download|télécharge[rz]|obtenir|obtenez|hol(?:en sie sich|e dir)|laden sie|obtener"
    r"|descargar?|obter|baixe|ottieni"
    r"|scarica|download|hämta|hent|pobierz|скачать|загрузите)\W+(?:outlook|yahoo mail|gmail|the mail app)\b.{0,160}$",
    re.I,
)

_CLOSING = re.compile(
    r"^\s*(?:(?:(?:kind|best|warm|many|kindest|warmest)\s*)?regards|best|best wishes|cheers|sincerely|yours (?:truly"
    r"|sincerely|faithfully)"
    r"|thanks(?: (?:and|&) regards)?|thank you|with regards|thanking you|dhanyavaad|shukriya"
    r"|(?:mit )?(?:freundliche[nr]?|viele|beste|liebe[nr]?|herzliche) gr(?:ü|ue)(?:ß|ss)en?|(?:bien )?cordialement"
    r"|merci(?: d.avance)?"
    r"|(?:un )?saludos?(?: cordiales)?|gracias|atenciosamente|obrigad[oa]|cordiali saluti|grazie"
    r"|met vriendelijke groet(?:en)?"
    r"|(?:med )?vänliga hälsningar|(?:med )?venlig hilsen|(?:med )?vennlig hilsen|pozdrawiam"
    r"|с уважением)\s*(?:[,.!]+\s*)?$",
    re.I,
)
_DISCLAIMER = re.compile(
    r"^\s*(?:confidentiality notice|disclaimer\s*:"
    r"|this (?:e-?mail|message)(?: and any attachments?)? (?:is|are|may|contains?)\b.{0,80}"
    r"\b(?:confidential|privileged|intended (?:only |solely )?for|legally))",
    re.I,
)


def blank(line: str) -> bool:
    return bool(_TRACKING.match(line))


def saying(lines: Sequence[str]) -> list[int]:
    """The places of the lines that are neither blank nor a rule, in order."""
    return [i for i, line in enumerate(lines) if not (blank(line) or _STRONG.match(line) or _WEAK.match(line))]


def delimiter(lines: Sequence[str], at: int, end: int, says: Sequence[int]) -> bool:
    """Whether the line parts a signature off that goes on until `end`, or parts off nothing at all. `says`: what
    `saying` tells of all the lines, asked once: a mail may have as many rules as lines.

    After "--" and a line of underscores comes a signature unless it asks something; after any other rule only what
    holds an address, a telephone number or the like in a few short lines.
    """
    strong = bool(_STRONG.match(lines[at]))
    if not strong and (not _WEAK.match(lines[at]) or _framed(lines, at)):
        return False
    first, last = bisect_right(says, at), bisect_left(says, end)
    if first >= last:
        return True
    if last - first > _LONGEST_SIGNATURE:
        return False
    below = [lines[i] for i in says[first:last]]
    if any(line.endswith("?") for line in below):
        return False
    return strong or (all(len(line) <= 80 for line in below) and any(_CONTACT.search(line) for line in below))


def _framed(lines: Sequence[str], at: int) -> bool:
    """Whether the line is the upper edge of a frame of its own character: a mail server's warning stands in one."""
    edge = lines[at][:1]
    return at + 1 < len(lines) and len(lines[at + 1]) > 2 and {lines[at + 1][0], lines[at + 1][-1]} == {edge}


def disclaimer(line: str) -> bool:
    return bool(_DISCLAIMER.match(line))


def mobile_signature(line: str) -> bool:
    """A line that a phone or a mail program added: it names the device or the program."""
    if len(line) > 160 or _NOT_A_DEVICE.search(re.sub(r"\S*https?:\S*|<[^>]*>", "", line)):
        return False
    if _APP.match(line) or _FROM_DEVICE.match(line) or _MOBILE_LAST.match(line):
        return True
    return bool(_MOBILE.match(line)) and bool(_DEVICE.search(line))


def like_a_mobile_signature(line: str) -> bool:
    """The same form with a device that we do not know; counts only beside a known one, or as the last line."""
    return len(line) <= 60 and not _NOT_A_DEVICE.search(line) and bool(_MOBILE.match(line))


def without_closing(lines: Sequence[str]) -> list[str]:
    """The lines before the sign-off. A closing followed by a few short lines is one; a closing in mid-text is not."""
    for i, line in enumerate(lines):
        if not i or not _CLOSING.match(line):
            continue
        below = (lines[j] for j in range(i + 1, len(lines)) if lines[j].strip())
        tail = list(islice(below, _LONGEST_CLOSING + 1))  # of thousands of closings, each would read all below it
        if len(tail) <= _LONGEST_CLOSING and all(len(x) <= 70 and "?" not in x for x in tail):
            return list(lines[:i])
    return list(lines)
