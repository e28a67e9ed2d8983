"""Contract tests for the Gemini API's model tuning.

This module imports nothing, because pytest loads the plugin in every run.
"""
