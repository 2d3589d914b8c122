"""A local worker process: reads a job and ranges from its standard input, writes what they hold.

One JSON document a line, both ways. It ends when its input ends, so it never outlives who started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import IO, Any

from ssepredict.exceptions import SsePredictError
from ssepredict.inference.engines.job import Job
from ssepredict.inference.engines.wire import screened_to_plain


def main() -> None:
    """Serve until the input ends."""
    # Ctrl-C is for the process that started this one, which then ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints goes to the error stream; only documents go to where documents are expected.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _serve(sys.stdin.buffer, answers)


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    from threadpoolctl import threadpool_limits

    def answer(document: dict[str, Any]) -> None:
        answers.write(json.dumps(document).encode() + b"\n")
        answers.flush()

    line = requests.readline()
    if not line:
        return
    try:
        job = Job.from_dict(json.loads(line))
        with threadpool_limits(1):
            answer({"ready": True})
            for line in requests:
                start, stop = json.loads(line)
                answer({"part": screened_to_plain(job.run(start, stop))})
    except SsePredictError as error:
        answer({"refused": str(error)})
    except BrokenPipeError:
        return  # nobody is there to take the answer
    except Exception as error:
        answer({"refused": f"a worker process failed with {type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
