"""Blocks of mail headers that programs like Outlook put above the mail that is answered or forwarded, in their
languages: "From: ... Sent: ... To: ... Subject: ...", and lines like "-----Original Message-----".

A customer may write "From: my account, to: my bank": a block counts with a sender, a date or subject, and three kinds
of field at least. Called by trim.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIELDS = {
    "from": "from|von|absender|de|expéditeur|da|mittente|remitente|van|afzender|från|fra|frá|lähettäjä|od|nadawca"
    "|odesílatel"
    "|odosielateľ|feladó|expeditor|gönderen|kimden|от|отправитель|від|від кого|от кого|подател|από|מאת|من|از|dari|từ"
    "|saatja"
    "|nuo|no|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|จาก",
    "date": "date|sent|datum|gesendet|envoyé|envoyé le|fecha|enviado|enviada|enviado el|enviado em|enviada em|data"
    "|inviato"
    "|inviata|verzonden|skickat|sendt|dato|sent þann|lähetetty|päivämäärä|päiväys|wysłano|wysłane|data wysłania"
    "|odesláno|odoslané|dátum"
    "|küldve|elküldve|trimis|tarih|gönderildi|gönderme tarihi|дата|отправлено|надіслано|изпратено|ημερομηνία"
    "|στάλθηκε|תאריך"
    "|נשלח|التاريخ|تاريخ|تاریخ|tanggal|dikirim|ngày|đã gửi|kuupäev|saadetud|išsiųsta|nosūtīts|poslano|发送时间|日期"
    "|時間|寄件日期"
    "|傳送日期|送信日時|日付|보낸 날짜|날짜|วันที่",
    "to": "to|an|à|a|para|per|aan|till|til|vastaanottaja|do|adresat|komu|címzett|către|catre|alıcı|kime|кому|до"
    "|получатель"
    "|отримувач|προς|אל|إلى|به|kepada|ke|đến|saaja|kam|kome|za|prima|收件人|收件者|宛先|받는 사람|받는사람|ถึง",
    "subject": "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|efni|aihe|temat|předmět|predmet"
    "|tárgy|subiect"
    "|konu|тема|относно|θέμα|נושא|الموضوع|موضوع|subjek|perihal|hal|chủ đề|teema|tema|主题|主題|主旨|件名|제목|หัวเรื่อง",
    "copy": "cc|bcc|kopie|cci|copia|copie|cópia|kopia|kopi|másolat|bilgi|копия|копія|κοιν|עותק|نسخة|抄送|副本|참조"
    "|สำเนา",
    "answer": "reply-to|reply to|antwort an|répondre à|responder a|responder para|rispondi a|risposta|antwoord aan"
    "|svara till"
    "|svar til|odpowiedz do|odpověď|ответить|antwoordadres|importance|priority|attachments|anlagen|wichtigkeit"
    "|pièces jointes",
}
_KINDS = {word: kind for kind, words in _FIELDS.items() for word in words.split("|")}
_FIELD = re.compile(
    rf"^[*_]*({'|'.join(re.escape(word) for word in sorted(_KINDS, key=len, reverse=True))})\s?[*_]*\s?[:：]", re.I
)
_MOST = 16  # lines of one block, wrapped fields and blank lines included

_ORIGINAL = (
    "original (?:message|e?-?mail)|reply message|ursprüngliche (?:nachricht|e-?mail)|original-?nachricht"
    "|message d.origine"
    "|message original|mensaje original|mensagem original|messaggio originale|missatge original|oorspronkelijk bericht"
    "|ursprungligt (?:meddelande|mail)|oprindelig (?:meddelelse|besked)|opprinnelig (?:melding|e-?post)"
    "|alkuperäinen viesti"
    "|oryginalna wiadomość|wiadomość oryginalna|původní (?:zpráva|e-?mail)|pôvodná správa|eredeti üzenet"
    "|mesaj(?:ul)? original"
    "|orijinal (?:ileti|mesaj|e-?posta)|(?:исходное|оригинальное) (?:сообщение|письмо)"
    "|(?:вихідне|оригінальне) повідомлення"
    "|оригинално (?:съобщение|писмо)|αρχικό μήνυμα|הודעה מקורית|الرسالة الأصلية|پیام اصلی|pesan asli|thư gốc"
    "|tin nhắn gốc"
    "|izvorna poruka|originalna poruka|izvirno sporočilo|algne kiri|原始邮件|原始郵件|原始訊息|元のメッセージ"
    "|원본 메시지|원본 이메일"
)
_FORWARDED = (
    "forwarded (?:message|e?-?mail)|weitergeleitete (?:nachricht|e-?mail)|message transféré|mensaje reenviado"
    "|mensagem (?:encaminhada|reencaminhada)|messaggio inoltrato|missatge reenviat|doorgestuurd bericht"
    "|vidarebefordrat (?:meddelande|brev)"
    "|videresendt (?:meddelelse|besked|melding)|(?:välitetty|edelleenlähetetty) viesti"
    "|(?:przekazana|przesłana dalej) wiadomość"
    "|wiadomość przekazana dalej|přeposlaná zpráva|preposlaná správa|továbbított (?:üzenet|levél)|mesaj redirecționat"
    "|iletilen (?:ileti|mesaj)|(?:пересылаемое|перенаправленное|пересланное) сообщение|переслане повідомлення"
    "|препратено съобщение"
    "|προωθημένο μήνυμα|הודעה שהועברה|رسالة معاد توجيهها|pesan (?:yang )?diteruskan|thư (?:được )?chuyển tiếp"
    "|转发的?邮件|轉寄的?郵件|轉寄訊息|転送メッセージ|전달된 메시지"
)
_DRAWN = re.compile(r"[-–—_*=~\s]*")  # no word of a separator begins with any of it
_RULED = re.compile(r"[-–—_=~]{2}[*\s]*$")
_NAMED = re.compile(rf"(?:{_ORIGINAL}|(?P<forwarded>{_FORWARDED}))[-–—_*=~\s:]*$", re.I)
_BEGUN = re.compile(
    r"^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:transféré"
    r"|réexpédié)"
    r"|inicio del mensaje reenviado|início da mensagem (?:encaminhada|reencaminhada)"
    r"|inizio (?:del )?messaggio inoltrato"
    r"|begin doorgestuurd bericht|vidarebefordrat brev|start på videresendt besked|videresendt melding"
    r"|välitetty viesti alkaa|początek przekazywanej wiadomości|начало переадресованного сообщения)\s*:?$",
    re.I,
)
_RULE = re.compile(r"^_{5,}$|^-{5,}$")


def separator(line: str) -> bool:
    """A line that says that the original or forwarded mail begins here."""
    return len(line) <= 200 and bool(_separator(line) or _BEGUN.match(line))


def says_forwarded(line: str) -> bool:
    """A separator that no program puts above the mail that is answered."""
    if len(line) > 200:
        return False
    drawn = _separator(line)
    return bool(_BEGUN.match(line) or (drawn and drawn["forwarded"]))


def _separator(line: str) -> re.Match[str] | None:
    """The words behind a drawn rule that say whose mail begins here. They are looked for at the rule's end only: one
    pattern for both would look for them behind each character of a line of dashes, once for each one before it."""
    drawn = _DRAWN.match(line)
    end = drawn.end() if drawn else 0
    return _NAMED.match(line, end) if _RULED.search(line, 0, end) else None


def header_block(lines: Sequence[str], at: int) -> int:
    """How many lines, from `at` on, are a block of mail headers with the line above it that sets it off; 0 if none."""
    start = at
    set_off = separator(lines[at]) or bool(_RULE.match(lines[at]))
    if set_off:
        start = next((i for i in range(at + 1, min(at + 4, len(lines))) if lines[i]), at)
    end, kinds = _fields(lines, start)
    whole = "from" in kinds and bool(kinds & {"date", "subject"}) and len(kinds) >= 3
    if whole or (set_off and (kinds & {"from", "date"} or separator(lines[at]))):
        return max(end, at + 1) - at
    return 0


def _fields(lines: Sequence[str], start: int) -> tuple[int, set[str]]:
    """(the line after the last field, kinds of field). A field may go on in the next line; blank lines may separate."""
    end, kinds, between = start, set[str](), 0
    for i in range(start, min(start + _MOST, len(lines))):
        field = _FIELD.match(lines[i])
        if field:
            kind = _KINDS[field.group(1).lower()]
            if kind in kinds and kind in {"from", "date", "subject"}:
                break
            kinds.add(kind)
            end, between = i + 1, 0
        elif i == start or between:
            break
        else:
            between += 1
    return end, kinds
