#!/usr/bin/env python3
"""The page in a real browser: Debian's chromium, driven headless. Needs nothing but Python's standard library.

    Tests/Page/page_test.py [WORD ...]        only the checks whose sentence has one of the words

Against a daemon instead of serve.py, where that makes sense:
    BASE=http://127.0.0.1:8787 [TOKEN=…] QUERY='a question' EXPECT='title of the row that is found first' \\
    INSERT='command that inserts a row whose title is $TITLE' Tests/Page/page_test.py
The checks of what seldom happens (an empty table, a lost daemon) always run against serve.py.
"""
import subprocess
import sys
import time

import check_everybody  # noqa: F401, registers its checks, as the others do
import check_seldom  # noqa: F401
import check_use  # noqa: F401
from browser import Browser, Failed
from support import CHECKS, Target


def main():
    wanted = [word.lower() for word in sys.argv[1:]]
    target, browser, failed, run = Target(), Browser(), 0, 0
    try:
        for sentence, body in CHECKS:
            if wanted and not any(word in sentence.lower() for word in wanted):
                continue
            began, run = time.monotonic(), run + 1
            try:
                body(browser, target)
                print(f"ok    {sentence} ({time.monotonic() - began:.1f} s)", flush=True)
            except (Failed, OSError, KeyError, TypeError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"FAIL  {sentence}\n      {error if isinstance(error, Failed) else repr(error)}", flush=True)
    finally:
        browser.close()
    print(f"{run - failed} of {run} checks hold")
    return 1 if failed or not run else 0


if __name__ == "__main__":
    sys.exit(main())
