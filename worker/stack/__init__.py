"""Everything on one machine under one supervisor: `python -m worker.stack`, which is what `make run` runs.

`__main__` is the way through: look (checks), lay out (plan), bring up, then show where everything is or wait for the
samples (once). Nothing else of ours imports from here; larger installations start each process by their own means.
"""
