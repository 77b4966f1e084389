"""A fault run: the real processes against the sandbox, with everything going wrong that can, and a count at the end.

`run` is the way through: bring up (house, nursery), switch the faults on (weather), write mails (traffic), kill
(mayhem), wait, count over the sandbox's journal (judge). Started by scripts/chaos.py; nothing else of ours imports it.
"""
