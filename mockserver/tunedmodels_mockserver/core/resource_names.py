"""Resource names: the collections of the API, as the names of their resources begin."""

TUNED_MODELS = "tunedModels/"
