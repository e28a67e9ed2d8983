"""Computes the mean losses of any training steps from the inputs of the run, without the steps before them.

The service's ``meanLoss`` is a sum of cross-entropies in nats over the tokens of an expected answer, averaged
over the batch. Recorded runs of 2023-2025 show that a model learns two things at two speeds:

* The *form* of the answers (a number, a label, JSON). Its loss is nearly flat at first and then falls like the right
  half of a bell curve. It depends on optimizer steps. A step counts more if its batch has more answer tokens.
* The *content* of the answers. Its loss grows faster than their length, and it falls exponentially. It depends on
  epochs, because the model must see each example many times. The loss of long medical answers is nearly all content.

The rest is a floor that no run goes below. Noise comes on top. Two runs on the same data have the same batches and so
nearly the same noise: their losses are identical at step 1, and about one per cent apart later. The noise grows
relative to the loss as the loss falls, so a finished run still shows single batches with a high loss, as in the
recorded runs.

Known limit: the text of the answers has no effect, only their length. In the service, answers of one length differ.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import exp, sqrt

from ..random_draws import bits, normals, uniform

RECOMMENDED_RATE = 0.001  # the documented default for small data sets
HOT = 50.0  # times the recommended rate; 20 times (0.02 on text-bison-001) overshot once, then converged
COLD = 0.01  # times the recommended rate; at 1/100 a model needs 17 times the steps for the form

CONTENT = 0.06  # nats; with the power: ~345 for a medical answer of 320 tokens, ~10 for JSON of 30
CONTENT_POWER = 1.5
FORM_TOKENS = 2.0  # carry half of the form; 1.0 pro: 11.5 nats for numbers, 26.8 for 30 tokens of JSON
RATE_POWER = 0.62  # text-bison-001 at 0.001 and 0.02: 20 times the rate equals ~6.4 times the steps
TOKENS_POWER = 0.35  # batches of 2, 4 and 16; answers of 2, 5 and 30 tokens
REPEATS_POWER = 0.6  # labels of 5 tokens against answers of ~320, both on 1.5 flash
NOISE_POWER = 0.6  # growth of the noise while the loss falls: 28 runs of 1.5 flash, from 4 % to a factor of 2.5
RUN_NOISE = 0.01  # between runs on the same data: three pairs of text-bison-001
GRAIN = 2e-6  # nats; rounding errors, which make the smallest losses of the service negative
SPIKE_EVERY = 20  # steps


class Shape(str, Enum):
    """The shape of a loss curve. OVERFIT and SPIKE occur only on request."""

    CONVERGE = "converge"
    OVERFIT = "overfit"
    PLATEAU = "plateau"
    SPIKE = "spike"
    DIVERGE = "diverge"


@dataclass(frozen=True, slots=True)
class _BaseModel:
    """The constants of a base model, fitted to recorded curves."""

    form: float  # nats at step 1 for the form of a long answer
    slowness: float  # steps of one answer token at the recommended rate until the form falls to 1/e
    repeats: float  # epochs at the recommended rate until the content of one token falls to 1/e
    floor: float  # nats per token that remain
    noise: float  # standard deviation of the log loss of a batch of one answer token at step 1
    wildest: float  # the largest such deviation, when the loss is near the floor


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
_ANY_OTHER = _FLASH  # no recordings of others exist; this was the last model that could be tuned


@dataclass(frozen=True, slots=True)
class Curve:
    """The inputs of a run that its losses depend on. Counts and rate are positive."""

    data_seed: int  # depends on the training data only; decides the contents of each batch
    run_seed: int  # of this run
    base_model: str
    examples: int
    batch_size: int
    learning_rate: float
    answer_tokens: float  # mean number of tokens of an expected output
    shape: Shape | None = None  # None: shape_of() decides


def shape_of(curve: Curve) -> Shape:
    """Return the shape that the curve requests, or else the shape that its learning rate leads to."""
    if curve.shape is not None:
        return curve.shape
    heat = curve.learning_rate / RECOMMENDED_RATE
    return Shape.DIVERGE if heat >= HOT else Shape.PLATEAU if heat <= COLD else Shape.CONVERGE


def mean_losses(curve: Curve, steps: range) -> array[float]:
    """Return the mean losses of *steps* (from 1) in nats, each a float32; near zero it may be slightly negative."""
    base = _BASE_MODELS.get(curve.base_model, _ANY_OTHER)
    tokens = curve.answer_tokens + 1.0  # the model predicts the end of an answer, too
    start, level_at = _noiseless_losses(curve, base, tokens)
    noise, wildest = base.noise / sqrt(curve.batch_size * tokens), base.wildest
    batch_draws = normals(steps, curve.data_seed, "batch", curve.batch_size)
    run_draws = normals(steps, curve.run_seed, "run")
    grain_draws = normals(steps, curve.run_seed, "grain")

    losses = array("f")
    for step, batch_draw, run_draw, grain_draw in zip(steps, batch_draws, run_draws, grain_draws, strict=True):
        level = level_at(step)
        batch_noise = noise * (start / level) ** NOISE_POWER
        drift = 1.0 - 1.0 / step  # runs on the same data begin with the same loss
        bump = (batch_noise if batch_noise < wildest else wildest) * batch_draw + drift * RUN_NOISE * run_draw
        losses.append(level * exp(bump) + drift * GRAIN * grain_draw)
    return losses


def _noiseless_losses(curve: Curve, base: _BaseModel, tokens: float) -> tuple[float, Callable[[int], float]]:
    """Return the loss before the first update, and the function from a step to its loss, both without noise."""
    form = base.form * tokens / (tokens + FORM_TOKENS)
    content = CONTENT * tokens**CONTENT_POWER
    floor = base.floor * tokens
    start = form + content

    heat = curve.learning_rate / RECOMMENDED_RATE
    speed = heat**RATE_POWER  # updates a step
    form_weight = (curve.batch_size * tokens) ** TOKENS_POWER
    content_repeats = base.repeats * tokens**REPEATS_POWER
    hot = min(heat, HOT) / 20.0
    slowness, batch_size, examples = base.slowness, curve.batch_size, curve.examples
    shape = shape_of(curve)
    converges = shape is Shape.CONVERGE

    def level_at(step: int) -> float:
        updates = (step - 1) * speed
        form_learned = updates * form_weight / slowness
        content_learned = updates * batch_size / examples / content_repeats
        overshoot = hot * 4.0 ** (2 - step) if step > 1 else 0.0
        level: float = form * exp(-(form_learned**2)) * (1.0 + overshoot) + content * exp(-content_learned)
        level += floor

        if converges:
            return level
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
            level = start * (3.0 - 2.0 * exp((1 - step) / 10.0))
        return level

    return start, level_at
