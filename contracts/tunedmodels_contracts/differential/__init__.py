"""Where two servers differ: the same clauses asked of both, and their answers compared step by step."""

from .compare import compare as compare
from .finding import Finding as Finding
from .finding import told as told
from .runner import Comparison as Comparison
from .runner import Side as Side
from .runner import differential as differential
