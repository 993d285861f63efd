"""The booth's screen without a booth: `python -m tests.tools.screen_demo [STATE] [PORT]`; all states: `list`."""

from __future__ import annotations

import sys
import time

from contract.messages import Modality
from tests.tools.screen_world import SUBTYPES, StandIn, thumbnail, views


def main() -> None:
    """Serve one state until interrupted."""
    state = sys.argv[1] if len(sys.argv) > 1 else "calm"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8090
    states = views()
    if state not in states:
        print("\n".join(states))
        return
    with StandIn(states[state], port=port, booth_name="Loket Bangkalan 1") as booth:
        if state in ("good", "poor"):
            booth.screen.judged("e-26.right-four.1", {name: thumbnail(name) for name in SUBTYPES[Modality.RIGHT_FOUR]})
        print(booth.screen.url)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
