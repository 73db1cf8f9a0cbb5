"""Answers kept in memory as they were sent, so many bytes at most; the longest unused go first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

MOST_BYTES = 96 * 2**20
"""What one server keeps of tiles, of features and of pictures together."""
OVERHEAD = 200
"""What an entry takes besides its bytes."""


class TileCache:
    """Encoded and compressed tiles by a key; several threads share it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._items: OrderedDict[Hashable, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def find(self, key: Hashable) -> bytes | None:
        """What was kept under the key; b"" is a tile with nothing in it, None was never kept."""
        with self._guard:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key]

    def keep(self, key: Hashable, body: bytes) -> None:
        """Keep a body; one that is larger than the whole cache is not kept."""
        size = len(body) + OVERHEAD
        if size > self.most_bytes:
            return
        with self._guard:
            if key in self._items:
                return
            self._items[key] = body
            self.bytes += size
            while self.bytes > self.most_bytes:
                _, dropped = self._items.popitem(last=False)
                self.bytes -= len(dropped) + OVERHEAD
