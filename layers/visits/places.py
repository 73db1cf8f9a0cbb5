"""Names of districts and communities as people write them, matched to the region's layers.

Only a name that is the same but for capitals and blanks is taken for it. Anything else is a
proposal to confirm, or a choice to make: "Wassa West" is not "Wassa East".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from layers.read.suggestion import folded
from layers.visits.words import VisitWords

LIKE = 0.84
"""Words at least this alike may be the same word spelt otherwise (ratio of difflib, 0 to 1)."""
CHOICES_SHOWN = 5
CHOICE_LIKE = 0.55


@dataclass(frozen=True, kw_only=True)
class Place:
    """A name that a record may mean: of a district, or of a settlement in a district."""

    name: str
    district_id: str
    district: str

    @property
    def label(self) -> str:
        """The name, with its district where it is not the district's own."""
        return self.name if self.name == self.district else f"{self.name} ({self.district})"


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a name as written may mean. `sure`: the same name. `proposed`: to be confirmed."""

    written: str
    sure: Place | None = None
    proposed: Place | None = None
    why: str = ""
    choices: tuple[Place, ...] = ()


def match_place(written: str, places: Sequence[Place], words: VisitWords) -> Match:
    """The place of a name: sure, proposed with the reason, or a choice of the nearest ones."""
    same = [one for one in places if _plain(one.name) == _plain(written)]
    if len({one.district_id for one in same}) == 1:
        return Match(written=written, sure=same[0])
    ranked = sorted(places, key=lambda one: -_likeness(written, one.name))
    near = tuple(
        one for one in ranked[:CHOICES_SHOWN] if _likeness(written, one.name) >= CHOICE_LIKE
    )
    if same:
        return Match(written=written, choices=tuple(same), why="Several places have this name.")
    fitting = [one for one in ranked if _same_words(written, one.name, words)]
    if len({one.district_id for one in fitting}) == 1:
        return Match(
            written=written, proposed=fitting[0], choices=near,
            why=_difference(written, fitting[0].name),
        )  # fmt: skip
    return Match(written=written, choices=near)


def match_places(
    names: Sequence[str], places: Sequence[Place], words: VisitWords
) -> Mapping[str, Match]:
    """A match for each different name."""
    return {name: match_place(name, places, words) for name in dict.fromkeys(names)}


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _core(name: str, words: VisitWords) -> list[str]:
    """The words of a name without those that only say what sort of area it is, sorted."""
    every = folded(name).split("_")
    return sorted(word for word in every if word not in words.sort_of_place) or sorted(every)


def _same_words(written: str, name: str, words: VisitWords) -> bool:
    """Whether two names hold the same words, each spelt alike; points of the compass exactly."""
    ours, theirs = _core(written, words), _core(name, words)
    if "".join(ours) == "".join(theirs):
        return True  # "Tarkwa Nsuaem" and "TarkwaNsuaem"
    if len(ours) != len(theirs):
        return False
    left = list(theirs)
    for word in ours:
        found = max(left, key=lambda other: _ratio(word, other))
        fixed = word in words.compass or found in words.compass or len(word) < 4
        if word != found and (fixed or _ratio(word, found) < LIKE):
            return False
        left.remove(found)
    return True


def _likeness(written: str, name: str) -> float:
    return _ratio(folded(written), folded(name))


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _difference(written: str, name: str) -> str:
    if folded(written) == folded(name):
        return "The same letters; signs, accents or capitals differ."
    if folded(written).replace("_", "") == folded(name).replace("_", ""):
        return "The same letters; the words are parted otherwise."
    return "The same words but for spelling, or for words such as Municipal or District."
