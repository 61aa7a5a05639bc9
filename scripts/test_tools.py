"""Installs what tests need beyond Python, where this machine can have it: Chromium for the browser tests.

Where it can't be had, the tests that need it say so by a skip; with TRADEPOST_TEST_NO_SKIP=1 they fail instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_CHROMIUM = Path("/usr/bin/chromium")
_ENOUGH_SECONDS = 600


def main() -> None:
    """Install Chromium by apt, as root on Debian; say what is missing elsewhere."""
    if _CHROMIUM.exists():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("Chromium is not installed: the browser tests will be skipped (Debian: apt install chromium).")
        return
    print("Installing Chromium for the browser tests …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=_ENOUGH_SECONDS, check=False)
        if done.returncode:
            print(f"{' '.join(command)} failed: the browser tests will be skipped.", file=sys.stderr)
            return


if __name__ == "__main__":
    main()
