"""Lists the modules of the extra ``contracts``. The contracts need them, and a plain install does not have them."""

from __future__ import annotations

from tunedmodels_mockserver import extra

MODULES = extra.MODULES | {"filelock", "jinja2", "markupsafe", "pytest", "responses", "xdist"}
