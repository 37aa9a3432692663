"""The thread in which agents act as time passes. It exists only while one of them is about to do something."""

import logging
import threading
from typing import Protocol

_log = logging.getLogger("mockserver")


class Worker(Protocol):
    """Somebody who does things when they are due."""

    def run_due(self) -> float | None:
        """Do what is due. Returns after how many seconds to look again, or None if there is nothing to wait for."""
        ...


class Runner:
    """Runs the due steps of workers on one thread, for as long as one of them has something planned."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._workers: set[Worker] = set()
        self._poked = self._stopped = False
        self._thread: threading.Thread | None = None

    def wake(self, worker: Worker) -> None:
        """Run the worker's due steps now, and again for as long as it has something planned."""
        with self._changed:
            if self._stopped:
                return
            self._workers.add(worker)
            self._poked = True
            if self._thread is None:
                self._thread = threading.Thread(name="mockserver agents", target=self._run, daemon=True)
                self._thread.start()
            else:
                self._changed.notify()

    def stop(self) -> None:
        """Do nothing any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                workers = list(self._workers)
                self._poked = False
            waits = {worker: self._seconds(worker) for worker in workers}
            with self._changed:
                if self._poked and not self._stopped:
                    continue
                self._workers -= {worker for worker, wait in waits.items() if wait is None}
                if self._stopped or not self._workers:
                    self._thread = None
                    return
                self._changed.wait(min(wait for wait in waits.values() if wait is not None))

    @staticmethod
    def _seconds(worker: Worker) -> float | None:
        try:
            return worker.run_due()
        except Exception:  # noqa: BLE001  Others have something to do as well.
            _log.exception("An agent failed.")
            return 1.0
