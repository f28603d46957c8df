"""``python -m skfusion``: the command `skfusion`, where it is not on the search path."""

import sys

from skfusion.cli import main

if __name__ == "__main__":
    sys.exit(main())
