"""What may be said of an exception in a log line or the ledger. Needs nothing but the kinds of trouble."""

from worker.errors import BadConfiguration, Trouble


def safe_reason(error: BaseException) -> str:
    """What may be logged and stored of an exception: our own reasons, of any other only type and place."""
    if isinstance(error, (Trouble, BadConfiguration)):
        return f"{type(error).__name__}: {error}"
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = f" at {last.tb_frame.f_code.co_name}:{last.tb_lineno}" if last else ""
    return f"{type(error).__name__}{place}"
