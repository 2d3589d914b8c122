"""Where chunks of candidates are screened; `rank` takes any of these as its engine."""

from __future__ import annotations

from ssepredict.inference.engines.dask_cluster import DaskCluster
from ssepredict.inference.engines.engine import Engine, ThisProcess, as_engine
from ssepredict.inference.engines.local_workers import LocalWorkers

__all__ = ["DaskCluster", "Engine", "LocalWorkers", "ThisProcess", "as_engine"]
