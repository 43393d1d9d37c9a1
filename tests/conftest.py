"""What every test shares."""

import os

from hypothesis import settings

# The same examples every time: a failure is seen by whoever looks next. HYPOTHESIS_PROFILE=random explores.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
