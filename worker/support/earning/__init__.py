"""How a kind of reply earns the right to leave without a review, and how it loses it again. docs/gate.md says why.

sequential.py and risk.py are the mathematics, ladder.py decides on steps, history.py turns outcomes into what they
read, night.py runs it all over the ledger, and admission.py asks at each draft. No adapter and no clock in here.
"""
