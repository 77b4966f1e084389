"""Sequential tests on streams of right and wrong replies: valid however often, and whenever, one looks at them.

Both are e-processes: under their null hypothesis the expected value never exceeds 1 at any stopping time, so that
Ville's inequality bounds the chance of ever reaching 1/alpha by alpha (Ramdas, Gruenwald, Vovk, Shafer, "Game-theoretic
statistics and safe anytime-valid inference", 2023). Plain numbers in, plain numbers out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, betaln

Numbers = NDArray[Any]

ALPHA = 0.05
ENOUGH = float(np.log(1 / ALPHA))  # log e-value from which a hypothesis is given up
SAFE, HARMFUL = 0.5, 1.5  # times the budget: what must not look like harm, and what should be seen soon
WINDOW = 2_000  # outcomes within which a safe stream is taken for a harmful one with a chance of ALPHA at most
LONG_WINDOW = 20_000  # the same in replies that left alone: one in ten of them (ladder.SAMPLE) is looked at again
AT_ONCE = 0.25  # of the belief in harm: that it was there from the first outcome on; the rest may begin anywhere
_BISECTIONS = 40


def quality(wrong: float, n: float, limit: float) -> float:
    """Log e-value against "at least a share `limit` is wrong", after `wrong` of `n`.

    A mixture of likelihood ratios q : `limit` with q uniform below `limit` (the method of mixtures: Robbins, 1970; each
    ratio is a supermartingale for every rate from `limit` up, and under rates that change, since
    p q/limit + (1-p)(1-q)/(1-limit) falls in p and is 1 at `limit`).
    """
    if n == 0 or not 0 < limit < 1:
        return 0.0
    inside = betainc(1 + wrong, 1 + n - wrong, limit)
    if inside <= 0:  # far more wrong than that
        return -np.inf
    mixture = np.log(inside) + betaln(1 + wrong, 1 + n - wrong) - np.log(limit)
    return float(mixture - wrong * np.log(limit) - (n - wrong) * np.log1p(-limit))


def upper(wrong: float, n: float, alpha: float = ALPHA) -> float:
    """The one-sided bound on the share of wrong ones that holds at every look: `quality` has given up what is above."""
    low, high = (wrong / n if n else 1.0), 1.0
    for _ in range(_BISECTIONS if n else 0):
        middle = (low + high) / 2
        if quality(wrong, n, middle) >= np.log(1 / alpha):
            high = middle
        else:
            low = middle
    return high


def clopper_pearson(wrong: float, n: float, alpha: float = ALPHA) -> float:
    """The one-sided bound for a single look at a sample of a fixed size (Clopper and Pearson, 1934)."""
    return 1.0 if wrong >= n else float(betaincinv(wrong + 1, n - wrong, 1 - alpha))


class Harm(NamedTuple):
    """Log e-values for harm: the largest that was reached, and the last."""

    most: float = 0.0
    last: float = 0.0


def harm(wrong: Numbers, limit: float, window: int = WINDOW) -> Harm:
    """Of a stream of outcomes (True: wrong; in the order they were heard of) against "at most SAFE times `limit` is
    wrong".

    Wald's likelihood ratio of HARMFUL to SAFE times the limit, mixed over the moment from which it holds (Shiryaev's
    mixture): AT_ONCE of the belief on the first outcome, the rest evenly on those of a `window`. A longer stream is cut
    into windows, so that harm that begins late is seen about as soon.
    """
    if not len(wrong) or not 0 < limit < 1:
        return Harm()
    windows = [_harm_in_window(wrong[at : at + window], limit, window) for at in range(0, len(wrong), window)]
    return Harm(max(float(one.max()) for one in windows), float(windows[-1][-1]))


def either(first: Harm, second: Harm, share: float) -> Harm:
    """Two looks at the same replies as one: `share` of ALPHA is the first one's, the rest the second one's."""
    shares = np.log(share), np.log(1 - share)
    return Harm(*(float(max(one + shares[0], two + shares[1])) for one, two in zip(first, second, strict=True)))


def _harm_in_window(wrong: Numbers, limit: float, window: int) -> Numbers:
    safe, harmful = SAFE * limit, min(HARMFUL * limit, 1 - 1e-9)
    steps = np.where(wrong, np.log(harmful / safe), np.log((1 - harmful) / (1 - safe)))
    reached = np.cumsum(steps)
    belief = np.full(len(wrong), (1 - AT_ONCE) / (window - 1))
    belief[0] = AT_ONCE
    begun = np.logaddexp.accumulate(np.log(belief) - (reached - steps)) + reached
    not_yet = np.log(np.maximum(1 - np.cumsum(belief), 1e-300))
    return np.asarray(np.logaddexp(begun, not_yet))
