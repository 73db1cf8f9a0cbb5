"""Holders of licences: which spellings mean the same one."""

import re
import unicodedata

import numpy as np
import pandas as pd

from geo.measure import Array, by_value

_LEGAL_FORMS = frozenset(
    {"ltd", "limited", "plc", "inc", "incorporated", "corp", "corporation", "co", "company"}
    | {"llc", "sa", "sas", "sarl", "sarlu", "sprl", "spa", "gmbh", "bv", "nv", "pty"}
    | {"proprietary"}
)
_NOT_STATED = frozenset(
    ["", "unknown", "notstated", "none", "null", "na", "nan", "nil", "inconnu", "nonprecise"]
)


def holder_names(text: str | None) -> frozenset[str]:
    """The holders a text names, folded so that two spellings of one company are equal.

    Case, accents, punctuation, spaces, shares such as "(70 %)" and legal forms ("Ltd", "SARL") do
    not tell holders apart; ";" and "|" separate holders. Empty: nobody is stated.
    """
    if text is None or pd.isna(text):
        return frozenset()
    letters = unicodedata.normalize("NFKD", str(text))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    names = set()
    for part in re.split(r"[;|]", re.sub(r"\(?\s*\d+([.,]\d+)?\s*%\s*\)?", " ", plain)):
        words = re.findall(r"[^\W_]+", part.casefold().replace(".", "").replace("'", ""))
        kept = [word for word in words if word not in _LEGAL_FORMS] or words
        names.add("".join(kept))
    return frozenset(names - _NOT_STATED)


def holders_known(holder: Array) -> Array:
    """Which features state a holder."""
    return by_value(holder, holder_names)


def holders_differ(left: Array, right: Array) -> Array:
    """Pairs in which both holders are stated and have no name in common."""
    left_codes, left_texts = pd.factorize(left, use_na_sentinel=False)
    right_codes, right_texts = pd.factorize(right, use_na_sentinel=False)
    if not len(left_codes):
        return np.zeros(0, dtype=bool)
    left_names = [holder_names(text) for text in left_texts]
    right_names = [holder_names(text) for text in right_texts]
    pair = left_codes.astype("int64") * len(right_texts) + right_codes
    uniques, inverse = np.unique(pair, return_inverse=True)
    differ = [
        bool(a) and bool(b) and not (a & b)
        for a, b in (
            (left_names[code // len(right_texts)], right_names[code % len(right_texts)])
            for code in uniques
        )
    ]
    answers: Array = np.array(differ, dtype=bool)[inverse]
    return answers
