"""The order of conflicts, from data/ranking.toml: breach, receptor and size, each kept apart."""

import tomllib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from geo.rules import Rule
from layers.facts import DATA

RANKING = DATA / "ranking.toml"


@cache
def scales() -> dict[str, Any]:
    """The scales as data/ranking.toml states them."""
    with RANKING.open("rb") as file:
        return tomllib.load(file)


def ranked(table: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """The table in its order, with `rank` from 1, `breach`, `receptor` and their levels.

    `table` needs rule_id, verdict, line, object_kind, object_class, area_ha, distance_m and
    conflict_id.
    """
    table = table.assign(breach_level=_breach(table, rules), receptor_level=_receptor(table))
    order = np.lexsort(
        (
            table["conflict_id"].to_numpy(dtype=str),
            table["distance_m"].fillna(np.inf).to_numpy(),
            -table["area_ha"].fillna(0.0).to_numpy(),
            (table["verdict"] != "inside").to_numpy(),
            -table["receptor_level"].to_numpy(),
            -table["breach_level"].to_numpy(),
        )
    )
    table = table.iloc[order].reset_index(drop=True)
    breach = np.array(scales()["breach"]["titles"], dtype=object)
    receptor = np.array(scales()["receptor"]["titles"], dtype=object)
    table["breach"] = breach[table["breach_level"]]
    table["receptor"] = receptor[table["receptor_level"]]
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _breach(table: pd.DataFrame, rules: Sequence[Rule]) -> np.ndarray:
    facts = scales()["breach"]
    binding = {rule.rule_id for rule in rules if rule.effect in facts["effects"]}
    bans = {
        rule.rule_id
        for rule in rules
        if rule.effect in facts["bans"] and rule.relation != "within_distance"
    }
    inside = (table["verdict"] == "inside").to_numpy()
    deep = (table["line"] == "inner").to_numpy() | table["rule_id"].isin(bans).to_numpy()
    level = np.where(inside, np.where(deep, 3, 2), 1)
    return np.where(table["rule_id"].isin(binding).to_numpy(), level, 0)


def _receptor(table: pd.DataFrame) -> np.ndarray:
    levels = scales()["receptor"]["levels"]
    kind = table["object_kind"].fillna("")
    by_class = (kind + "/" + table["object_class"].fillna("")).map(levels)
    return by_class.fillna(kind.map(levels)).fillna(0).astype("int64").to_numpy()
