"""The last few things made, kept in memory; and work that a process of its own does."""

import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

ROOT = Path(__file__).resolve().parents[2]

T = TypeVar("T")


class Kept(Generic[T]):
    """The last few things made, by a key, the longest unused forgotten first.

    Several threads share it; of many who ask for one thing at once with `get` one makes it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._items: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def find(self, key: Hashable) -> T | None:
        """What is kept under the key, or None."""
        with self._guard:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key]

    def keep(self, key: Hashable, thing: T) -> None:
        """Keep a thing that was made elsewhere."""
        with self._guard:
            self._items[key] = thing
            while len(self._items) > self.most:
                self._items.popitem(last=False)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under the key, made first where there is nothing."""
        with self._guard:
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            found = self.find(key)
            if found is None:
                found = make()
                self.keep(key, found)
        with self._guard:
            self._making.pop(key, None)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._items.clear()


def run_apart(module: str, order: Mapping[str, Any]) -> int:
    """Have `main` of a module carry out an order in a process of its own; its exit code.

    The order goes in as JSON; what comes out is left in the store.
    """
    worker = subprocess.run(
        [sys.executable, "-c", f"from {module} import main; main()"],
        input=json.dumps(order),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        check=False,
    )
    return worker.returncode
