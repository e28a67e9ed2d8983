"""The parts of scripts/bench and scripts/soak.

``peers`` starts what is measured, ``load`` sends requests, ``machine`` describes the computer and refuses a busy one,
``statistic`` and ``table`` are pure, and each module whose name ends with ``_cases`` has cases of one kind.
"""
