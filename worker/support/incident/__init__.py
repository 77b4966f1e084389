"""The incident brake: what is usual for a topic, what is far above it, and what follows.

`usual` and `surges` are arithmetic on values; `watch` is the dispatcher's duty, `against` what drafting and delivery
ask, `holding` the one reply that a lead may send to all. docs/incidents.md tells it in words.
"""

from datetime import timedelta

LEAST = timedelta(weeks=1)  # of history: before that nothing is usual, and no brake is put on
