"""We know well enough to whom we write, and a model (not a fall-back) wrote it.

PASS:
  reply: IM has no lock-in.
  source: IM has no lock-in.
  found_as: verified
FAIL:
  reply: IM has no lock-in.
  source: IM has no lock-in.
  found_as: claimed
"""

from collections.abc import Iterator

from worker.models import Finding, Strength
from worker.support.guard.candidate import Candidate


def check(reply: Candidate) -> Iterator[Finding]:
    who = reply.identity
    if who.strength is Strength.CLAIMED:
        what = "Who wrote is only asserted: the address is not registered to the customer id that was named."
        yield Finding(guard="sure", what=what, todo="Verify the customer before you say anything about an account.")
    if who.candidates > 1:
        what = f"{who.candidates} customers match the sender equally well."
        yield Finding(guard="sure", what=what, todo="Find out which one wrote.")
    if any(a.hit and a.rule == "claims-another-id" for a in who.asked):
        what = "The mail names a customer id that is not the sender's own."
        yield Finding(guard="sure", what=what, todo="Say nothing about the other customer.")
    if reply.trouble:
        what = f"No model wrote this reply: {reply.trouble}."
        yield Finding(guard="sure", what=what, todo="It is the template as it stands: make it fit the mail.")
