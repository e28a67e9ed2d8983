"""Mutants: servers that are wrong on purpose, each in one way, to see which clauses notice."""

from .adapter import MutantAdapter as MutantAdapter
from .adapter import install as install
from .mutant import Mutant as Mutant
from .registry import MUTANTS as MUTANTS
from .registry import find_mutant as find_mutant
