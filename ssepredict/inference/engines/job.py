"""What is to be screened, complete and plain: any process builds the same screen from it and runs a part."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ssepredict
from ssepredict.exceptions import RankingError
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.objectives.pareto import CAP, Front, axes_of
from ssepredict.inference.screening.diversity import best_rows, dopant_keys
from ssepredict.inference.screening.ranges import BLOCK, iter_ranges, positions
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.spaces.space import SubstitutionSpace

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

RANGE = 8 * BLOCK
"""Candidates that a process is given at a time unless it is told otherwise: about a second of work."""

PROBES = 64
"""Candidates whose scores tell one way of scoring from another."""

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm")
"""Libraries whose arithmetic a score goes through."""

_BYSTANDERS = ("app", "audit", "cli", "report", "structures")
"""Rooms that no score goes through."""


@dataclass(frozen=True)
class Job:
    """One ranking as every process that takes part in it gets it.

    A value that belongs to the whole run and has to be the same everywhere is a field here, goes into
    `to_dict`, `from_dict` and `question`, and reaches the screen in `screen`.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective
    top : int
        Candidates to list.
    total : int
        Candidates to look at: all of the space, or fewer, spread evenly. They are numbered from 0.
    """

    space: SubstitutionSpace
    predictor: Predictor
    objective: Objective
    top: int
    total: int

    @functools.cached_property
    def screen(self) -> Screen:
        """Everything that judges a candidate, built once in a process."""
        return Screen.of(self.space, self.predictor, self.objective, self.total)

    @property
    def kept(self) -> int:
        """Candidates that are kept on the way: `top`, or the pool that the list is drawn from."""
        return self.objective.selection.pool_size(self.top)

    def merge(self, left: Screened, right: Screened) -> Screened:
        """Keep the best of two parts, at most so many with the same dopants where the objective asks for it.

        Associative and commutative, so neither the size nor the order of the parts matters.

        Raises
        ------
        RankingError
            When the front that the objective asks for holds more than can be kept.
        """
        per_dopants = self.objective.selection.per_dopants
        if per_dopants is None:
            both = left.merge(right, self.kept)
        else:
            both = left.merge(right, len(left.indices) + len(right.indices))
            batch = self.space.decode(both.indices)
            keys = dopant_keys(batch.dopants, batch.part)
            rows = best_rows(both.indices, both.scores, self.kept, keys, per_dopants)
            both = replace(both, indices=both.indices[rows], scores=both.scores[rows])
        if not len(left.front_indices) and not len(right.front_indices):
            return both
        front = self._front(left).merge(self._front(right))
        if front.overflowed:
            raise RankingError(
                f"the front over {', '.join(self.objective.selection.pareto)} holds more than {CAP:,} "
                "candidates; expected fewer: name fewer columns, or set coarse = true in the [selection] of "
                "the objective"
            )
        return replace(both, front_indices=front.indices, front_points=front.points)

    def _front(self, part: Screened) -> Front:
        selection = self.objective.selection
        axes = axes_of(selection.pareto)
        points = part.front_points.reshape(len(part.front_indices), len(axes))
        return Front(axes, part.front_indices, points, coarse=selection.coarse)

    def run(self, start: int, stop: int) -> Screened:
        """Screen the candidates numbered `start` to ``stop - 1``, a block at a time."""
        best = Screened()
        for first, last in iter_ranges([(start, stop)], BLOCK):
            indices = positions(len(self.space), self.total, first, last)
            # With a limit per dopants, whatever it refuses makes room for a lower score.
            enough = self.kept if self.objective.selection.per_dopants is None else len(indices)
            # Merging never lowers the worst that is kept, so nothing below it comes in any more.
            full = len(best.scores) == self.kept
            floor = float(best.scores[-1]) if full else -np.inf
            best = self.merge(best, self.screen.run(indices, enough, floor))
        return best

    @functools.cached_property
    def probe(self) -> str:
        """SHA-256 of the scores of a few candidates, spread evenly: equal where scoring is the same.

        It notices what no version number tells, such as a model that was exchanged in memory or another
        processor's last digit.
        """
        size = len(self.space)
        count = min(PROBES, size)
        # A few candidates are no reason to compile models, and the original ones decide all scores.
        plain = replace(self.screen, compiled=False)
        found = plain.run(positions(size, count, 0, count), count)
        order = np.argsort(found.indices)
        seen = hashlib.sha256(found.indices[order].astype("<i8").tobytes())
        seen.update(found.scores[order].astype("<f8").tobytes())
        return seen.hexdigest()

    @functools.cached_property
    def question(self) -> dict[str, Any]:
        """All that the result depends on, as plain values: runs with equal questions have equal results."""
        asked = {
            "space": self.space.digest,
            "objective": self.objective.to_dict(),
            "model": {"name": self.predictor.name, "digest": self.predictor.digest},
            "top": self.top,
            "candidates": self.total,
            "code": code_version(),
            "scores of a probe": self.probe,
        }
        plain: dict[str, Any] = json.loads(json.dumps(asked))
        return plain

    def to_dict(self) -> dict[str, Any]:
        """Return plain values from which `from_dict` builds the same job in another process.

        Raises
        ------
        ModelError
            When the release cannot be packed.
        """
        return {
            "space": self.space.to_dict(),
            "objective": self.objective.to_dict(),
            "top": self.top,
            "total": self.total,
            "release": _packed_release(self.predictor),
            "code": code_version(),
            "probe": self.probe,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Job:
        """Build a job from what `to_dict` wrote, perhaps on another machine.

        Raises
        ------
        RankingError
            When this process has other code or scores differently.
        ModelError
            When the release arrived damaged.
        """
        here = code_version()
        if raw["code"] != here:
            raise RankingError(
                f"a worker on {platform.node()} has other code ("
                f"{'; '.join(differences(raw['code'], here, 'here', 'there'))}); "
                "expected the same on every machine: install the same versions there"
            )
        job = cls(
            SubstitutionSpace.from_dict(raw["space"]),
            _unpacked_release(raw["release"]),
            Objective.from_dict(raw["objective"]),
            raw["top"],
            raw["total"],
        )
        if job.probe != raw["probe"]:
            raise RankingError(
                f"a worker on {platform.node()} scores {PROBES} probe candidates differently although its "
                "code is the same; expected identical scores everywhere: use machines with the same "
                "numerical libraries"
            )
        return job


@functools.cache
def code_version() -> dict[str, str]:
    """Versions of all that computes a score; `sources` is a digest of this package's own files."""
    package = Path(ssepredict.__file__).parent
    seen = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.parts[0] not in _BYSTANDERS:
            seen.update(f"{place.as_posix()}\n".encode() + path.read_bytes())
    return {
        "ssepredict": ssepredict.__version__,
        "sources": seen.hexdigest(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], old_name: str = "before", new_name: str = "now"
) -> list[str]:
    """Say in which entries two sets of plain values differ, however deep they lie.

    Examples
    --------
    >>> differences({"top": 5, "code": {"python": "3.11"}}, {"top": 9, "code": {"python": "3.12"}})
    ['top: 5 before, 9 now', 'code, python: 3.11 before, 3.12 now']
    """
    found = []
    for key in dict.fromkeys([*old, *new]):
        left, right = old.get(key), new.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += [f"{key}, {text}" for text in differences(left, right, old_name, new_name)]
        elif left != right:
            found.append(f"{key}: {_short(left)} {old_name}, {_short(right)} {new_name}")
    return found


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text[:12]}..." if len(text) == hashlib.sha256().digest_size * 2 else text


def _packed_release(predictor: Predictor) -> dict[str, str]:
    """Files of the predictor's release, by name, in base64."""
    with tempfile.TemporaryDirectory(prefix="ssepredict-") as folder:
        predictor.save(folder)
        files = [path for path in sorted(Path(folder).iterdir()) if path.suffix != ".md"]
        return {path.name: base64.b64encode(path.read_bytes()).decode() for path in files}


def _unpacked_release(files: Mapping[str, str]) -> Predictor:
    """Read a release that travelled; `load_predictor` compares the SHA-256 that it states of itself."""
    from ssepredict.modeling.predictor import load_predictor

    with tempfile.TemporaryDirectory(prefix="ssepredict-") as folder:
        for name, content in files.items():
            (Path(folder) / Path(name).name).write_bytes(base64.b64decode(content))
        return load_predictor(folder)
