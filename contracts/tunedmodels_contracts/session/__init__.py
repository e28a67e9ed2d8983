"""The pytest plugin of the contract suite, and the summary at the end of a run."""
