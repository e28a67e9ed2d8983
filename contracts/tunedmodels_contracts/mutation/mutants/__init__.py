"""The mutants, in a module for each part of the API. ``schema_members`` and ``statuses`` generate theirs."""
