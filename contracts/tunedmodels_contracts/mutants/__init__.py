"""Mutants: servers that are wrong on purpose, each in one way, to see which clauses notice."""

from .mutant import Mutant as Mutant
from .registry import MUTANTS as MUTANTS
from .registry import named as named
from .spoiled import Spoiled as Spoiled
from .spoiled import spoil as spoil
