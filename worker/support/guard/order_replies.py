"""The kinds of speech that reach for the reply itself: words dictated for it, and orders to whatever writes it.

Data like `order_words`, added up with it by `orders`. A customer asks to be told something, or that a number be named;
these want a text, a link or a name of their own to stand in a mail of ours, or speak of its writer as a machine.
"""

from __future__ import annotations

_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|e-?mails?|mails?|messages?|letters?|summary|draft)"
_ANSWERING = r"(?:answer|repl(?:y|ie)|respond|draft|writ|summari[sz]|process|read|handl|triag)(?:s|es|ing)?"
_QUOTED = r"[\"'“‘«„]\s*\w"
_PUT = (
    r"(?:add|include|insert|put|append|paste|close|end|state|say|tell|claim|mark|approve|treat|reveal"
    r"|grant|ignore|skip)"
)
_WRITER = (
    r"(?:(?:ai|llm|language|drafting|answering|replying|writing|reply|response|automated|automatic"
    r"|summari[sz]ing)"
    r"[\s-]+(?:ai\s+|reply\s+|language\s+)?(?:writers?|models?|tools?|robots?|bots?|engines?|agents?|assistants?"
    r"|systems?|software)"
    r"|ais?|llms?|language\s+models?)"
)
_MUST = r"(?:must|shall|should|has\s+to|have\s+to|needs?\s+to|is\s+to|are\s+to)(?!\s+have\b)"

CUES: dict[str, tuple[str, float]] = {
    "dictates the reply": (
        rf"\b(?:end|begin|start|open|close|finish|conclude)\s+(?:off\s+)?your\s+(?:\w+\s+)?{_REPLY}\s+(?:with|by)\b(?!\s+(?:my|our)\b)"
        rf"|\b(?:sign|sign\s+off)\s+(?:your\s+(?:\w+\s+)?{_REPLY}\s+)?as\s+(?:(?:the|our|your)\s+(?:ceo|chief"
        rf"|head|director|president"
        rf"|manager|founder|owner)|ceo|{_QUOTED}|dr\b|mr\b|mrs\b)"
        rf"|\byour\s+(?:\w+\s+)?{_REPLY}\s+{_MUST}\s+(?:(?:also|always|only)\s+)?(?:include|contain|carry|hold"
        rf"|say|state|begin|start"
        rf"|end|close|read)\b[^.?!\n]{{0,25}}(?:{_QUOTED}|https?:|\b(?:with|that|links?|words|sentence|phrase|line)\b)"
        rf"|\b(?:include|add|insert|put|append|paste)\b[^.?!\n]{{0,20}}(?:\b(?:links?|words|sentence|phrase|line"
        rf"|text)\b|https?:|{_QUOTED})"
        rf"[^\n]{{0,60}}\b(?:in|into|to|at\s+the\s+(?:end|top|start)\s+of)\s+your\s+(?:\w+\s+)?{_REPLY}\b"
        rf"|\b(?:state|write|claim|declare|say)\s+in\s+your\s+(?:\w+\s+)?{_REPLY}\s+that\b"
        rf"|\ball\s+(?:that\s+)?your\s+(?:\w+\s+)?{_REPLY}\s+(?:has\s+to|have\s+to|should|must|needs?\s+to|may)\s+\w+"
        r"|\b(?:write|reply|answer)\s+(?:me\s+)?back\s+(?:with\s+)?(?:only|just|nothing\s+but)\s+(?:the\s+words?"
        r"|[\"'“‘«„])"
        rf"|\bwrite\s+your\s+(?:\w+\s+)?{_REPLY}\s+as\s+(?:if|though)\s+you\b",
        4.3,
    ),
    "orders to a writer": (
        rf"\b(?:any|every|each|all|whichever|whatever|to\s+the|for\s+the"
        rf"|the)\s+{_WRITER}\b(?:[^.?!\n]{{0,60}}[\s,]{_MUST}\b|[^.?!,\n]{{0,40}}:\s+\w)"
        rf"|\b(?:any|every|each|whichever|whatever)\s+{_WRITER}\b[^.?!\n]{{0,60}}\b(?:adds|closes|ends|includes"
        rf"|states|says|tells|approves|replies)\b"
        rf"|(?:^|[.!?:]\s+){_WRITER}\s+{_MUST}\b"
        rf"|(?:^|[.!?:]\s+)(?:dear|attention|note\s+to|message\s+to)[,:]?\s+(?:the\s+|any\s+"
        rf"|whichever\s+)?{_WRITER}\b[^.?!\n]{{0,40}}[:,]"
        rf"|(?:^|[.!?:>]\s*)(?:(?:ai|support|reply)\s+)?(?:assistant|ai|chat\s?bot|bot|llm"
        rf"|language\s+model)(?:\s+note)?\s*[,:]\s*(?:please\s+|you\s+)?"
        rf"(?:{_PUT}(?!\s+(?:me|us)\b)|{_MUST}|always|never|when|from)\b"
        rf"|\b(?:if|when|should)\s+(?:you\s+are|this\s+is|an?y?|the)\s+(?:an?\s+|read\s+by\s+an?\s+)?(?:{_WRITER}"
        rf"|software|robot|machine)\b"
        rf"[^.?!\n]{{0,60}}\b(?:{_MUST}|please|{_PUT})\b",
        4.3,
    ),
    "orders for the writing": (
        rf"\b(?:when|while|whenever|before|as)\s+(?:you\s+(?:are\s+)?"
        rf"|\w+\s+(?:\w+\s+){{0,3}}?)?{_ANSWERING}\b[^.?!\n]{{0,45}}\b{_PUT}\b"
        rf"(?:[^.?!\n]{{0,12}}\bthat\b|[^.?!\n]{{0,20}}(?:{_QUOTED}|https?:|\blink\b)"
        rf"|[^.?!\n]{{0,50}}\b(?:(?:other|every|all)\s+(?:\w+\s+)?customers?|of\s+others?)\b)"
        rf"|\b(?:it|you|which|that)\s+(?:should|must)\s+always\s+{_PUT}\b",
        4.3,
    ),
    "wants what others hold": (
        r"\b(?:give|list|show|send|tell|return|paste|name|reveal|share|include|add|e-?mail"
        r"|attach)\b[^.?!\n]{0,80}\b(?:(?:other|another|every|all|last|previous"
        r"|five|ten|next|these|those|first)\s+(?:\w+\s+){0,2}(?:customers?|guests?|users?|people|clients?"
        r"|patients?|tenants?)|customers?['’]s?"
        r"\s+(?:names|e-?mails?|addresses|data|records?|numbers|details))\b"
        r"|\b(?:adressen|daten|nummern|namen|e-?mail-?adressen)\s+(?:der|von|aller?)\s+(?:anderen?\s+)?kunden\b",
        2.8,
    ),
}
