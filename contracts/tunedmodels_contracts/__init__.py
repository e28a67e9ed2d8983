"""Contracts for the Gemini API's model tuning. Imports nothing: pytest loads the plugin in every run."""
