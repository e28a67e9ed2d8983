"""Runs the serving process, and the command that ``exec`` runs beside it."""
