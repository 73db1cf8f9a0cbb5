"""Errors that stop an analysis. `str(error)` is a sentence that can go on screen."""


class GeoError(ValueError):
    """An analysis cannot go on; the message says what is wrong and what to do."""


class CrsError(GeoError):
    """A coordinate reference system is missing, unfit for measuring, or differs between layers."""


class RuleError(GeoError):
    """A rule is contradictory or asks for something that cannot be measured."""


class AdoptionError(GeoError):
    """Visits or practices are not what the statistics need, or a question makes no sense."""
