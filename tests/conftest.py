"""What all tests share."""

import sys
from pathlib import Path

# Forked children import the functions of test modules by the names that pytest gives them.
sys.path.insert(0, str(Path(__file__).parent.parent))
