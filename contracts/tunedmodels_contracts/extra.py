"""The extra ``contracts``: the modules that the contracts need and a plain install does not have."""

from __future__ import annotations

from tunedmodels_mockserver import extra

MODULES = extra.MODULES | {"filelock", "jinja2", "markupsafe", "pytest", "responses", "xdist"}
