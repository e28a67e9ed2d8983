"""Compares two servers. It runs the same clauses on both, and compares their answers step by step."""

from .compare import compare as compare
from .runner import Comparison as Comparison
from .runner import Side as Side
from .runner import differential as differential
from .server_difference import ServerDifference as ServerDifference
from .server_difference import difference_lines as difference_lines
