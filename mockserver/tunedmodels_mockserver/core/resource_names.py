"""Defines the prefixes of the API's resource names."""

TUNED_MODELS = "tunedModels/"
