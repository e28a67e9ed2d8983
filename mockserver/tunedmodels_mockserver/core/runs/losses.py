"""The mean loss of a training step: any step at once, from what a run is made of.

The service's ``meanLoss`` is a sum of cross-entropies in nats over the tokens of an expected answer, averaged
over the batch. Recorded runs of 2023-2025 show two things being learned at two speeds:

* the *form* of the answers (a number, a label, JSON): nearly flat at first, then falling like the right half
  of a bell, by optimiser steps; a batch with more answer tokens in it makes a step worth more;
* their *content*, which grows faster than their length: falling exponentially, by epochs, because it has to
  be seen again and again. Long medical answers are nearly nothing else.

What is left is a floor. Around that course, two runs on the same data see the same batches, hence the same
bumps: identical at step 1, about one per cent apart later. Bumps weigh more the less loss there is to average
over, so a finished run still shows lone high batches, as the real ones do.

The weak spot: the text itself is not looked at, so equally long answers are equally hard, which they are not.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import Enum

from ..random_draws import bits, normal, uniform

RECOMMENDED_RATE = 0.001  # the documented default for small data sets
HOT = 50.0  # times the recommended rate; 20 times (0.02 on text-bison-001) overshot once and converged
COLD = 0.01  # times the recommended rate; at 1/100 the form of an answer takes 17 times the steps

CONTENT = 0.06  # nats; with the power, ~345 for a medical answer of 320 tokens, ~10 for JSON of 30
CONTENT_POWER = 1.5
FORM_TOKENS = 2.0  # of answer carry half the form; 1.0 pro: 11.5 nats for numbers, 26.8 for 30 tokens of JSON
RATE_POWER = 0.62  # text-bison-001 at rates 0.001 and 0.02: 20 times the rate is worth ~6.4 times the steps
TOKENS_POWER = 0.35  # batches of 2, 4 and 16; answers of 2, 5 and 30 tokens
REPEATS_POWER = 0.6  # labels of 5 tokens against answers of ~320, both on 1.5 flash
NOISE_POWER = 0.6  # how bumps grow while the loss falls: 28 runs of 1.5 flash, from 4 % to a factor of 2.5
RUN_NOISE = 0.01  # between runs on the same data: three pairs of text-bison-001
GRAIN = 2e-6  # nats; the arithmetic's own, which makes the smallest real losses negative
SPIKE_EVERY = 20  # steps


class Shape(str, Enum):
    """The course that a curve takes; OVERFIT and SPIKE come only when they are asked for."""

    CONVERGE = "converge"
    OVERFIT = "overfit"
    PLATEAU = "plateau"
    SPIKE = "spike"
    DIVERGE = "diverge"


@dataclass(frozen=True, slots=True)
class _BaseModel:
    """What a base model brings along; every number was fitted to recorded curves."""

    form: float  # nats at step 1 that are lost on the form of a long answer
    slowness: float  # steps of one answer token at the recommended rate until the form is at 1/e
    repeats: float  # epochs at the recommended rate until the content of one token is at 1/e
    floor: float  # nats per token that are never learned
    noise: float  # standard deviation of the log loss of a batch of one answer token at step 1
    wildest: float  # the largest such deviation, reached when next to nothing is left to learn


# 375 steps on 15 number pairs (batch 4), two pairs of short runs on them (batches 2 and 4), and 16 steps on
# 25 pairs (batch 16, rate 0.02), September 2023.
_BISON = _BaseModel(form=10.5, slowness=100.0, repeats=2.0, floor=6e-5, noise=0.6, wildest=1.7)
# Four runs of 100 epochs on 15 number pairs (batch 4), 38 steps on them (batch 2), and 55 steps on 20 pairs
# for the extraction of entities (30 tokens, batch 4), February to July 2024.
_PRO = _BaseModel(form=17.5, slowness=24.0, repeats=0.07, floor=4e-4, noise=0.6, wildest=1.7)
# 28 runs on 400 newsgroup labels (batch 16), three on 15 number pairs (batch 4) and one on 626 medical
# answers (batch 16, rate 0.0002), October 2024 to spring 2025.
_FLASH = _BaseModel(form=29.5, slowness=15.7, repeats=0.32, floor=2e-4, noise=0.45, wildest=1.0)

_BASE_MODELS = {
    "models/text-bison-001": _BISON,
    "models/text-bison-tuning-test": _BISON,
    "models/gemini-1.0-pro-001": _PRO,
    "models/gemini-1.5-flash-001-tuning": _FLASH,
}
_ANY_OTHER = _FLASH  # nothing was recorded of others; this was the last model that could be tuned


@dataclass(frozen=True, slots=True)
class Curve:
    """A run, as far as its losses depend on it; counts and rate are positive."""

    data_seed: int  # from the training data alone: what each batch contains
    run_seed: int  # of this run
    base_model: str
    examples: int
    batch_size: int
    learning_rate: float
    answer_tokens: float  # mean number of tokens of an expected output
    shape: Shape | None = None  # None: the one that shape_of() finds


def shape_of(curve: Curve) -> Shape:
    """Return the shape asked for, or the one that the learning rate leads to."""
    if curve.shape is not None:
        return curve.shape
    heat = curve.learning_rate / RECOMMENDED_RATE
    return Shape.DIVERGE if heat >= HOT else Shape.PLATEAU if heat <= COLD else Shape.CONVERGE


def mean_loss(curve: Curve, step: int) -> float:
    """Return the mean loss of *step* (from 1) in nats, a float32; near zero it may be slightly negative."""
    base = _BASE_MODELS.get(curve.base_model, _ANY_OTHER)
    tokens = curve.answer_tokens + 1.0  # the end of an answer is predicted, too
    start, level = _course(curve, base, tokens, step)
    batch_noise = base.noise / math.sqrt(curve.batch_size * tokens) * (start / level) ** NOISE_POWER
    bump = min(batch_noise, base.wildest) * normal(curve.data_seed, "batch", curve.batch_size, step)
    drift = 1.0 - 1.0 / step  # runs on the same data start alike
    bump += drift * RUN_NOISE * normal(curve.run_seed, "run", step)
    grain = drift * GRAIN * normal(curve.run_seed, "grain", step)
    rounded: float = struct.unpack("f", struct.pack("f", level * math.exp(bump) + grain))[0]
    return rounded


def _course(curve: Curve, base: _BaseModel, tokens: float, step: int) -> tuple[float, float]:
    """Return the loss before the first update and the loss at *step*, both without noise."""
    form = base.form * tokens / (tokens + FORM_TOKENS)
    content = CONTENT * tokens**CONTENT_POWER
    start = form + content

    heat = curve.learning_rate / RECOMMENDED_RATE
    updates = (step - 1) * heat**RATE_POWER
    form_learned = updates * (curve.batch_size * tokens) ** TOKENS_POWER / base.slowness
    content_learned = updates * curve.batch_size / curve.examples / (base.repeats * tokens**REPEATS_POWER)
    overshoot = min(heat, HOT) / 20.0 * 4.0 ** (2 - step) if step > 1 else 0.0
    level = form * math.exp(-(form_learned**2)) * (1.0 + overshoot) + content * math.exp(-content_learned)
    level += base.floor * tokens

    shape = shape_of(curve)
    if shape is Shape.OVERFIT:
        past = max(form_learned - 3.0, 0.0)
        level += 0.3 * start * past / (past + 10.0)
    elif shape is Shape.PLATEAU:
        level = 0.4 * start + 0.6 * level
    elif shape is Shape.SPIKE:
        window, place = divmod(step - 1, SPIKE_EVERY)
        if place == 5 + bits(curve.run_seed, "spike", window) % (SPIKE_EVERY - 5):
            level += start * (0.3 + 0.7 * uniform(curve.run_seed, "height", window))
    elif shape is Shape.DIVERGE:
        level = start * (3.0 - 2.0 * math.exp((1 - step) / 10.0))
    return start, level
