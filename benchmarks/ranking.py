"""Candidates per second with the released model, end to end and by stage, in one process.

The space holds 1e9 candidates, of which the rules on the composition pass about half. Ranges of positions are
taken evenly from all of it, as a run through the whole space would meet them. The plain path (original models
for every candidate) and the usual way (`benchmarks.usual_way`) take turns with it. The curve goes on with
``python -m benchmarks.ranking --largest 1e8``.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterable, Iterator
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import ssepredict
from benchmarks.timing import Contender, Figure, median_ratio, rates
from benchmarks.usual_way import has_smact, neutrality_filter, usual_way, writable
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.screening.screen import COMPILED_FROM, Screen
from ssepredict.inference.screening.screened import Screened

NAME = "ranking"
TOP = 100
CHUNK = 8192
CHUNKS = 4
PLAIN = 1024
USUAL = 100
CURVE = (10_000, 100_000, 1_000_000)

IONS = (
    "Mg2+ Zn2+ Ca2+ Cd2+ Ni2+ Co2+ Cu2+ Mn2+ Fe2+ Sc3+ Y3+ In3+ Al3+ Ga3+ Cr3+ La3+ Nd3+ Sm3+ Eu3+ Gd3+ "
    "Tb3+ Dy3+ Ho3+ Er3+ Tm3+ Yb3+ Lu3+ Ti4+ Hf4+ Sn4+ Ge4+ Ce4+ Pr4+ Nb5+ Ta5+ V5+ Sb5+ W6+ Mo6+"
)
DESCRIPTION = {
    "title": "Na3Zr2Si2PO12: four dopants for Zr4+, three Si contents",
    "host": "Na3Zr2Si2PO12",
    "silicon": [1.8, 2.0, 2.2],
    "substitutions": [
        {
            "site": "M",
            "replaces": "Zr4+",
            "ions": IONS.split(),
            "together": [4],
            "fractions": [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6],
        }
    ],
}


def run() -> list[Figure]:
    with threadpool_limits(1):
        return _measure()


def _measure() -> list[Figure]:
    space = ssepredict.SubstitutionSpace.from_dict(DESCRIPTION)
    predictor = ssepredict.load_predictor()
    quick = Screen.of(space, predictor, Objective(), COMPILED_FROM)
    plain = Screen.of(space, predictor, Objective())
    started = time.perf_counter()
    screened(quick, spread(len(space), 1, CHUNK))
    compiling = time.perf_counter() - started
    ranges = list(spread(len(space), CHUNKS, CHUNK))
    short = list(spread(len(space), CHUNKS, PLAIN))
    some = writable(space, np.linspace(0, len(space) - 1, 2 * USUAL).astype(np.int64))[:USUAL]
    measured = rates(
        {
            "compiled": Contender(lambda: screened(quick, ranges), CHUNKS * CHUNK),
            "plain": Contender(lambda: screened(plain, short), CHUNKS * PLAIN),
            "usual": Contender(usual_way(quick, some), len(some)),
        },
        repeats=5,
    )
    same = screened(quick, short), screened(plain, short)
    identical = np.array_equal(same[0].indices, same[1].indices) and np.array_equal(
        same[0].scores, same[1].scores
    )
    tally = screened(quick, ranges).tally
    return [
        Figure(NAME, "candidates in the space", len(space), ""),
        Figure(NAME, "pass the rules on the composition", 100 * tally.scored / tally.evaluated, "%", "~ 50"),
        *(
            Figure(NAME, f"stage {stage}", tally.evaluated / seconds, "/s")
            for stage, seconds in tally.seconds.items()
        ),
        Figure(NAME, "first chunk, with compiling", compiling, "s"),
        Figure(NAME, "end to end, one process", median(measured["compiled"]), "/s", ">= 50000"),
        Figure(NAME, "plain path", median(measured["plain"]), "/s"),
        Figure(NAME, "usual way: pymatgen, matminer, models row by row", median(measured["usual"]), "/s"),
        Figure(NAME, "ratio to the plain path", median_ratio(measured["compiled"], measured["plain"]), "x"),
        Figure(
            NAME,
            "ratio to the usual way",
            median_ratio(measured["compiled"], measured["usual"]),
            "x",
            ">= 150",
        ),
        Figure(NAME, f"best {TOP} equal to the plain path", float(identical), "", "1"),
        *_neutrality(quick, some),
        *curve(quick, CURVE),
    ]


def _neutrality(screen: Screen, indices: np.ndarray) -> list[Figure]:
    """SMACT's filter against decoding, sites and all rules on the composition."""
    if not has_smact():
        return []
    check = neutrality_filter(screen.space.formulas(indices))
    started = time.perf_counter()
    check()
    return [
        Figure(NAME, "SMACT's neutrality filter alone", len(indices) / (time.perf_counter() - started), "/s")
    ]


def spread(size: int, count: int, length: int) -> Iterator[np.ndarray]:
    """Yield `count` ranges of `length` positions each, evenly from a space."""
    for number in range(count):
        yield np.arange(length) + number * (size - length) // max(count - 1, 1)


def screened(screen: Screen, ranges: Iterable[np.ndarray]) -> Screened:
    """Keep the best of some ranges, as a run does."""
    found = Screened()
    for indices in ranges:
        at_least = found.scores[-1] if len(found.scores) == TOP else -np.inf
        found = found.merge(screen.run(indices, TOP, at_least), TOP)
    return found


def curve(screen: Screen, sizes: tuple[int, ...]) -> list[Figure]:
    """Time and peak memory of the process for ever more candidates of the same space."""
    figures = []
    for size in sizes:
        count = -(-size // CHUNK)
        length = size // count
        started = time.perf_counter()
        screened(screen, spread(len(screen.space), count, length))
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures += [
            Figure(NAME, f"{count * length:,} candidates", count * length / seconds, "/s"),
            Figure(NAME, f"{count * length:,} candidates, peak memory", memory, "MiB", "< 2048"),
        ]
    return figures


def main() -> None:
    from rich.console import Console

    from benchmarks.__main__ import as_table

    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("--largest", type=float, default=1e7, help="candidates at the end of the curve")
    largest = int(parser.parse_args().largest)
    space = ssepredict.SubstitutionSpace.from_dict(DESCRIPTION)
    screen = Screen.of(space, ssepredict.load_predictor(), Objective(), COMPILED_FROM)
    sizes = tuple(10**power for power in range(4, 10) if 10**power <= largest)
    with threadpool_limits(1):
        screened(screen, spread(len(space), 1, CHUNK))
        Console().print(as_table(curve(screen, sizes)))


if __name__ == "__main__":
    main()
