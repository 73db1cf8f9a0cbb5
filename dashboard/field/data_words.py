"""Messages that stand in data/: titles of practices, rules and kinds, operations, states of rules.

They are translated like our other words, so the catalogues must hold them; `read_messages` is how
Babel finds them there (see babel.cfg).
"""

from collections.abc import Iterator
from typing import IO, Any

from layers import facts
from layers.practices import operations, practices

STATUSES = ("primary", "secondary", "unverified", "ours")


def data_messages() -> tuple[str, ...]:
    """Every message of ours that a card may take from data/, each once."""
    found = [practice.title for practice in practices()]
    found += [operation.group for operation in operations()]
    found += [kind.title for kind in facts.kinds().values()]
    packs = dict.fromkeys(region.rule_pack for region in facts.regions().values())
    found += [rule.title for pack in packs for rule in facts.rule_pack(pack)]
    return tuple(dict.fromkeys([*found, *STATUSES]))


def read_messages(
    fileobj: IO[bytes],
    keywords: Any,
    comment_tags: Any,
    options: Any,
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's way to ask for messages; the file it names only says that data are asked for."""
    del fileobj, keywords, comment_tags, options
    for message in data_messages():
        yield 1, "", message, []
