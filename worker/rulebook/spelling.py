"""The second half of every refusal: what the author may have meant, and what would have been allowed."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(written: str, names: Iterable[str]) -> str:
    """' Did you mean "group"?', or "" where nothing is near."""
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(written.casefold(), by_folded, n=1, cutoff=0.6)
    return f' Did you mean "{by_folded[near[0]]}"?' if near else ""


def allowed(names: Iterable[str]) -> str:
    return f"Allowed: {', '.join(names)}."
