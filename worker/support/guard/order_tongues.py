"""The main kinds of speech in German, French, Spanish, Italian, Portuguese, Dutch and Polish: rules set aside, a role
given, the prompt asked for, the reply dictated.

Data like `order_words`, added up with it by `orders`. Whoever takes back a mail or a wish of their own says "mine".
"""

from __future__ import annotations

_FORGET = (
    r"(?:ignoriere?(?!n)|ignorieren\s+sie|vergiss|vergesst|vergessen\s+sie|missachte(?!n)|missachten\s+sie"
    r"|(?<!vous\s)(?:ignore[zr]?|oublie[zr]?|n[ée]glige[zr]?)|(?<!vous\s)ne\s+(?:suis|suivez)\s+(?:pas|plus)"
    r"|(?<!vous\s)ne\s+(?:tiens|tenez)\s+(?:pas|plus)\s+compte|fai(?:s|tes)\s+abstraction|ignor(?:a|en?|o)"
    r"|olvid[ae]n?|haz\s+caso\s+omiso"
    r"|haga\s+caso\s+omiso|no\s+(?:sigas|siga|respetes|tengas\s+en\s+cuenta|tenga\s+en\s+cuenta)|dimentic(?:a|hi"
    r"|ate)|scord(?:a|ati)"
    r"|trascur(?:a|i|ate)|non\s+(?:seguire|considerare|rispettare|tenere\s+conto)|esque[çc][ae]|desconsider[ae]"
    r"|n[ãa]o\s+(?:siga|sigas|considere|respeite)"
    r"|negeer|vergeet|volg\s+niet|z?ignoruj(?:cie)?|zapomnij(?:cie)?|pomi[ńn](?:cie)?|nie\s+(?:przestrzegaj"
    r"|stosuj\s+si[ęe]|zwa[żz]aj))"
)
_RULES = (
    r"(?:anweisung(?:en)?|instruktion(?:en)?|vorgaben?|regeln?|richtlinien?|befehle?|anordnung(?:en)?"
    r"|vorschriften|instructions?|consignes?|r[èe]gles?"
    r"|directives?|instrucci(?:[óo]n|ones)|reglas|normas|indicaciones|directrices|[óo]rdenes|istruzion[ei]"
    r"|regol[ae]|direttive"
    r"|indicazioni|instru[çc][õo]es|regras|diretrizes|orienta[çc][õo]es|instructies?|regels|voorschriften"
    r"|richtlijnen|aanwijzingen"
    r"|instrukcj\w+|polece[ńn]\w*|zasad\w?|regu[łl]\w?|wytyczn\w+)"
)
_EARLIER = (  # or it is said of somebody who keeps to no rules
    r"(?:alle[nr]?|vorherig\w+|bisherig\w+|obige[nr]?|dein\w*|ihre[nr]?|toutes|pr[ée]c[ée]dent\w*|tes|vos"
    r"|ci-dessus|ton|anterior\w*|previ[aeo]s?|todas"
    r"|tus|tutte|tue|sue|suas|tuas|acima|vorige|eerdere|bovenstaande|je|jouw|wszystk\w+|poprzedni\w+"
    r"|wcze[śs]niejsz\w+|swoj\w+|twoj\w+|syst\w+|sistema)"
)
_MINE = (
    r"(?:mein(?!d)\w*|unser\w*|mon|ma|mes|nos|notre|j['’]ai|mi|mis|nuestr\w+|mio|mia|mie|miei|nostr\w+|meu"
    r"|minhas?|meus|nosso\w*|nossas?"
    r"|mijn|onze|ik|m[oó]j\w*|nasz\w*|ich|wir|je\s+vous|he|hemos|ho)"
)
_PROMPT = (
    r"(?:system-?\s?prompt\w*|systeemprompt\w*|prompt\w*\s+(?:syst[èe]me|di\s+sistema|del?\s+sistema|do\s+sistema"
    r"|systemow\w+)"
    r"|(?:dein\w*|ihre?n?|votre|ton|tu|su|tuo|suo|jouw|je|uw|sw[oó]j|tw[oó]j|teu|seu)\s+(?:\w+\s+)?prompt\w*)"
)
_YOURS = r"(?:dein\w*|tes|vos|tus|tue|jouw|je|swoj\w+|twoj\w+|tuas|suas)"
_SHOW = (
    r"(?:zeige?n?|gib|geben|nenne?n?|verrate?n?|affiche[zr]?|montre[zr]?|donne[zr]?|r[ée]v[èeé]le[zr]?"
    r"|mu[ée]stra\w*|ens[eé][ñn]a\w*|env[íi]a\w*"
    r"|revel[ae]\w*|d[ai]me|mostra\w*|mostre|mostri|dammi|rivela\w*|exib[ae]|diga|toon|laat|stuur|geef"
    r"|poka[żz]\w*|ujawnij|wy[śs]wietl|podaj)"
)
_FROM_NOW = (
    r"(?:ab\s+(?:jetzt|sofort)|von\s+nun\s+an|à\s+partir\s+de\s+maintenant|d[ée]sormais|d[èe]s\s+maintenant"
    r"|a\s+partir\s+de\s+(?:ahora|agora)"
    r"|de\s+(?:ahora|agora)\s+(?:en\s+adelante|em\s+diante)|desde\s+ahora|da\s+(?:ora|adesso)(?:\s+in\s+(?:poi"
    r"|avanti))?|d['’]ora\s+in\s+(?:poi|avanti)"
    r"|vanaf\s+nu|voortaan|od\s+(?:teraz|tej\s+(?:chwili|pory)))"
)
_BECOMES = (
    r"(?:(?:bist|antwortest|sprichst|befolgst)\s+du|antworte|verhalte|tu\s+(?:n['’])?(?:es|r[ée]ponds|joues|agis"
    r"|ne\s+suis)|r[ée]ponds|(?:t[úu]\s+)?(?:eres|ser[áa]s|responde\w*"
    r"|act[úu]as?)|(?:tu\s+)?(?:sei|sarai|rispondi|agisci|comportati)|(?:voc[êe]|tu)\s+(?:[ée]s?|ser[áa]s?"
    r"|responde\w*|atua\w*)"
    r"|(?:ben|antwoord|speel|gedraag)\s+(?:je|jij)|jeste[śs]|odpowiadaj|dzia[łl]aj|zachowuj)"
)
_A_MACHINE = r"(?:assist\w+|asystent\w*|ki|ia|ai|bot|modell?o?|sprachmodell|robot)"

CUES: dict[str, tuple[str, float]] = {
    "sets rules aside, abroad": (
        rf"\b{_FORGET}(?:\b(?!['’])(?=[^.?!\n]{{0,80}}\b{_EARLIER}\b)"
        rf"(?!(?:(?!\b(?:und|et|y|e|en|i)\b)[^.?!,;:\n]){{0,60}}\b{_MINE}\b)[^.?!\n]{{0,60}}\b{_RULES}\b)"
        rf"|\babweichend\s+(?:zu|von)\s+(?:\w+\s+)?(?:vorherigen|bisherigen|obigen)\s+{_RULES}\b"
        r"|\bh[öo]re?n?\s+(?:sie\s+)?nicht\s+(?:mehr\s+)?auf\s+(?:alles|das)\s+(?:zuvor|vorher|bisher|davor)"
        rf"|\b(?:obigen?|vorherigen?|bisherigen?)\s+(?:ausf[üu]hrungen|{_RULES})\s+ignorieren\b"
        r"|\b(?:ignore[zr]?|oublie[zr]?)\s+tout\s+ce\s+qui\b|\b(?:ignora|olvida)\s+todo\s+lo\b|\b(?:ignora"
        r"|dimentica)\s+tutto\s+(?:ci[òo]|quello|quanto)"
        r"(?!\s+che\s+(?:ho|ti))|\b(?:ignore|esque[çc]a)\s+tudo\s+o\s+que\s+(?:veio|est[áa]|foi)|\b(?:negeer"
        r"|vergeet)\s+alles\s+(?:hierboven|hiervoor)"
        r"|\b(?:z?ignoruj|zapomnij)\s+(?:o\s+)?wszystk\w+,?\s+(?:co\s+)?(?:by[łl]o|powy[żz]ej|wcze[śs]niej)",
        4.9,
    ),
    "gives a role, abroad": (
        rf"\b{_FROM_NOW},?\s+{_BECOMES}\b|\b(?:du\s+bist|tu\s+es|eres|sei|voc[êe]\s+[ée]|je\s+bent"
        rf"|jeste[śs])\s+(?:(?:ab\s+)?(?:jetzt|nun)"
        rf"|maintenant|d[ée]sormais|ahora|ora|adesso|agora|nu|teraz)\s+(?:\w+\s+){{1,2}}?{_A_MACHINE}\b",
        4.3,
    ),
    "wants the prompt, abroad": (rf"\b{_SHOW}\b[^.?!\n]{{0,50}}\b{_PROMPT}(?!\w)", 4.3),
    "wants the rules, abroad": (
        rf"\b{_SHOW}\b[^.?!\n]{{0,40}}\b{_YOURS}\s+(?:\w+\s+)?{_RULES}\b(?!\s+(?:pour|f[üu]r|zu[rm]?|para|per"
        rf"|sobre|su|voor|over|dla|do)\b)",
        3.0,
    ),
    "dictates the reply, abroad": (
        r"\b(?:r[ée]ponds?|r[ée]pondez)\s+(?:simplement|seulement|toujours|uniquement|juste)\s+(?:que|par)\b"
        r"|\brispond[ia]\s+(?:sempre|solo|soltanto)\s+(?:che|con)\b"
        r"|\brespond[ae]\s+(?:siempre|solo|s[óo]lo|sempre|apenas|s[óo]|solamente)\s+(?:que|con|com)\b"
        r"|\bantworten?\s+(?:sie\s+)?(?:nur|immer|einfach|stets),?\s+(?:dass|mit\s+[\"'„“«])"
        r"|\bantwoord\s+(?:alleen|altijd|steeds)\s+(?:dat|met)\b|\bodpowiadaj\s+(?:tylko|zawsze),?\s+[żz]e\b"
        r"|\bschreiben?\s+(?:sie\s+)?am\s+(?:ende|anfang|schluss)\s+(?:der|deiner|ihrer)\s+(?:antwort|mail)\b"
        r"|\bbeenden?\s+(?:sie\s+)?(?:deine|ihre|die)\s+(?:antwort|mail)\s+mit\b"
        r"|\btermine[zr]?\s+(?:ta|votre)\s+r[ée]ponse\s+par\b|\btermina\s+(?:tu\s+respuesta\s+con"
        r"|la\s+(?:tua\s+)?risposta\s+con|a\s+(?:tua\s+)?resposta\s+com)\b"
        r"|\b(?:eindig|sluit)\s+(?:je|uw)\s+antwoord\s+(?:af\s+)?met\b"
        r"|\bzako[ńn]cz\s+(?:swoj[ąa]\s+)?odpowied[źz]\s+(?:zdaniem|s[łl]owami)\b",
        4.3,
    ),
    "speaks to a machine, abroad": (
        r"\b(?:an\s+(?:das|den|die)\s+|à\s+l['’]|(?:al|ao|aan\s+(?:de|het)|dla)\s+)(?:automati\w+\s+"
        r"|automaty\w+\s+)?(?:antwortsystem|ki|sprachmodell|bot|assistent\w*"
        r"|assistant|ia|asistente|assistente|asystenta|taalmodel|modelu)\b",
        3.0,
    ),
}
