"""``python -m tests.broker [--port 9092]``: a broker on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.broker import NoBrokerError, own_broker


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.broker", description=__doc__)
    parser.add_argument("--port", type=int, default=9092)
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        broker = own_broker(port=port)
    except NoBrokerError as error:
        print(error, file=sys.stderr)
        return 3
    print(f"Kafka serves at {broker.bootstrap}; Ctrl-C ends it and drops its data", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
    finally:
        for repeated in (signal.SIGINT, signal.SIGTERM):
            signal.signal(repeated, signal.SIG_IGN)
        broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
