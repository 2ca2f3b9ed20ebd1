"""The generic detector on the Numenta Anomaly Benchmark, by its official rules.

Every detector is given one value at a time, never sees what comes later, and is treated alike: an
alarm where its score reaches the threshold, then silence for a while. One threshold serves the
whole corpus. Unless given, it is the best one for this corpus, as on NAB's own leaderboard.

The corpus is not part of the project: DIR is a checkout of numenta/NAB, or a folder with data/ and
windows.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.nab import report, results
from benchmarks.nab.corpus import CorpusError, Series, load
from benchmarks.nab.peers import PEERS, squashed
from benchmarks.nab.run import Row, Run, generic
from benchmarks.nab.scorer import PROFILES, Scorer
from benchmarks.throughput.report import machine
from detectors.generic.detector import CHANNELS

OWN = squashed(1.0)
"""The detector's own threshold: the score that the engine calls anomalous."""
TOLERANCE = 0.1
WRONG = 1
USAGE = 2


def main() -> None:
    """Run, and print what was found."""
    given = _arguments()
    console = Console(stderr=True)
    try:
        corpus = load(given.corpus)
        if given.verify:
            sys.exit(verify(given.corpus, corpus, Console()))
        corpus = [series.from_row(given.skip) for series in corpus]
        rows = rate(given, corpus, console)
    except CorpusError as error:
        console.print(f"not the benchmark: {error}", markup=False)
        sys.exit(USAGE)
    if given.scores_dir is not None:
        results.write(given.scores_dir, rows[0].detector, corpus, rows[0].raised)
    points = sum(len(series.values) for series in corpus)
    conditions = {"files": len(corpus), "points": points, "skipped": given.skip, **machine()}
    if given.json:
        print(report.as_json(rows, conditions))
    else:
        report.show(rows, conditions, Console())


def rate(given: argparse.Namespace, corpus: Sequence[Series], console: Console) -> list[Row]:
    """Rate the generic detector, at the threshold asked for and at its own, and its peers."""
    scorer = Scorer(corpus)
    peers = PEERS if given.peers else {}
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("generic", total=len(corpus) * (1 + len(peers)))

        def advance() -> None:
            progress.advance(task)

        run = Run("cogentai", generic(given.without), corpus, advance)
        rows = [run.rated(scorer, given.threshold)]
        if given.threshold is None:
            run.name = "cogentai, own threshold"
            rows.append(run.rated(scorer, OWN))
        for name, make in peers.items():
            progress.update(task, description=name)
            rows.append(Run(name, make, corpus, advance).rated(scorer, None))
    return rows


def verify(folder: Path, corpus: Sequence[Series], console: Console) -> int:
    """Score stored results of other detectors, and compare with what NAB's own runner gives."""
    published = results.PUBLISHED.get(len(corpus))
    if published is None:
        raise CorpusError(f"nothing is known of {len(corpus)} files, only of 31 and of 58")
    scorer = Scorer(corpus)
    right = True
    for detector, expected in published.items():
        scores = results.stored(folder, detector, corpus)
        found = [scorer.best(scores, profile).score for profile in PROFILES.values()]
        right &= all(abs(a - b) <= TOLERANCE for a, b in zip(found, expected, strict=True))
        words = " / ".join(f"{a:.2f} ({b:.2f})" for a, b in zip(found, expected, strict=True))
        console.print(f"{detector}: {words}", highlight=False)
    console.print("agrees with NAB's own runner" if right else "differs from NAB's own runner")
    return 0 if right else WRONG


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "benchmarks.nab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--threshold", type=float, metavar="T", help=f"0 to 1; the detector's own is {OWN}"
    )
    parser.add_argument(
        "--scores-dir", type=Path, metavar="OUT", help="write result files as NAB itself does"
    )
    parser.add_argument(
        "--skip",
        type=int,
        default=0,
        metavar="ROWS",
        help="leave out the first rows of every series: how much does the score owe to chance?",
    )
    parser.add_argument("--peers", action="store_true", help="run the usual alternatives as well")
    parser.add_argument(
        "--without",
        action="append",
        choices=CHANNELS,
        default=[],
        metavar="CHANNEL",
        help=f"leave a channel out: {', '.join(CHANNELS)}; may be repeated",
    )
    parser.add_argument(
        "--verify", action="store_true", help="prove the scorer with stored results instead"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
