"""Candidates per second of a shipped space, end to end and by stage, with the released model, one process."""

from __future__ import annotations

from statistics import median

import ssepredict
from benchmarks.timing import Figure

NAME = "ranking"
SPACE = "na3zr2si2po12"
CANDIDATES = 40_000
REPEATS = 3


def run() -> list[Figure]:
    """Rank an even sample of the space; the first, untimed round fills caches."""
    predictor = ssepredict.load_predictor()
    space = ssepredict.SubstitutionSpace.from_toml(SPACE)
    ssepredict.rank(space, predictor, limit=4_000)
    times = [
        ssepredict.rank(space, predictor, limit=CANDIDATES).attrs["summary"]["time"] for _ in range(REPEATS)
    ]
    stages = times[0]["seconds_by_stage"]
    figures = [
        Figure(
            NAME, f"{SPACE}: {stage}", CANDIDATES / median(t["seconds_by_stage"][stage] for t in times), "/s"
        )
        for stage in stages
    ]
    whole = median(time["candidates_per_second"] for time in times)
    return [*figures, Figure(NAME, f"{SPACE}: end to end", whole, "/s")]
