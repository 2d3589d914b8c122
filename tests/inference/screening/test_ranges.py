from __future__ import annotations

import numpy as np
import pytest

from ssepredict.inference.screening.ranges import iter_chunks, iter_ranges, positions


def test_numbers_beyond_64_bits_are_spread_exactly():
    size, total = 4 * 10**18, 3 * 10**9
    found = positions(size, total, total - 2, total)
    assert found.tolist() == [(total - 2) * size // total, (total - 1) * size // total]
    assert found[-1] < size


@pytest.mark.parametrize("chunk", [1, 3, 64, 100])
def test_ranges_cover_the_gaps_and_end_at_multiples(chunk):
    gaps = [(0, 10), (37, 100), (100, 101)]
    ranges = list(iter_ranges(gaps, chunk))
    covered = [number for start, stop in ranges for number in range(start, stop)]
    assert covered == [number for start, stop in gaps for number in range(start, stop)]
    assert all(stop - start <= chunk for start, stop in ranges)
    ends = {stop for _, stop in gaps}
    assert all(stop % chunk == 0 or stop in ends for _, stop in ranges)


@pytest.mark.parametrize("chunk", [1, 4, 10, 11])
@pytest.mark.parametrize("total", [10, 97])
def test_chunks_put_together_are_the_positions(total, chunk):
    chunks = list(iter_chunks(97, total, chunk))
    assert max(map(len, chunks)) <= chunk
    np.testing.assert_array_equal(np.concatenate(chunks), positions(97, total, 0, total))
