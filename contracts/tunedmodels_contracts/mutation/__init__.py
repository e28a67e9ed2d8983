"""Mutants are servers with one deliberate error each. They show which clauses detect an error."""

from .adapter import MutantAdapter as MutantAdapter
from .adapter import install as install
from .mutant import Mutant as Mutant
from .registry import MUTANTS as MUTANTS
from .registry import find_mutant as find_mutant
