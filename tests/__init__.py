"""What is tested, fuzzed or measured leaves the compile cache of whoever does it alone."""

import os

os.environ["PERDURE_CACHE"] = "off"
