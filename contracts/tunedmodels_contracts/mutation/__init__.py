"""Mutants: servers that are wrong on purpose, each in one way, to see which clauses notice."""

from .adapter import Spoiled as Spoiled
from .adapter import spoil as spoil
from .mutant import Mutant as Mutant
from .registry import MUTANTS as MUTANTS
from .registry import named as named
