"""The visit form: fixed questions of data/forms/site_visit.toml and the practices of the code list.

Names of questions and choices are lower case with underscores, because ODK puts a hyphen between
a group and a question and select-multiple answers are separated by blanks.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from layers.facts import DATA, FactsError
from layers.read.suggestion import folded

FIXED = PurePosixPath("forms/site_visit.toml")
KNOWN_STATES = ("used", "partly", "tried-and-stopped", "not used")
STATE, EVIDENCE, AMOUNT = "state", "evidence", "amount"
"""What a question about a practice asks for; each is the beginning of the question's name."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An answer to choose from. `value` is what the ledger makes of it; `name` is in exports."""

    name: str
    value: str
    label: str
    label_fr: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A row of the form's survey sheet.

    `kind` is the type without its list, `choices` the list's name. `field` is the field of a visit
    it answers, "" for none; `practice` a code and `part` state, evidence or amount where it asks
    about a practice. `path` are the groups around it, outermost first.
    """

    kind: str
    name: str
    label: str = ""
    label_fr: str = ""
    hint: str = ""
    hint_fr: str = ""
    choices: str = ""
    required: bool = False
    relevant: str = ""
    constraint: str = ""
    message: str = ""
    message_fr: str = ""
    calculation: str = ""
    default: str = ""
    parameters: str = ""
    field: str = ""
    practice: str = ""
    part: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form: its questions in their order and its lists of choices."""

    form_id: str
    title: str
    questions: tuple[Question, ...]
    choices: Mapping[str, tuple[Choice, ...]]

    def value_of(self, choices: str, answer: str) -> str | None:
        """What an answer of a list means, by its name or its English or French label."""
        return self._values.get(choices, {}).get(folded(answer))

    @cached_property
    def _values(self) -> Mapping[str, Mapping[str, str]]:
        return {
            name: {
                folded(text): one.value
                for one in reversed(choices)
                for text in (one.label_fr, one.label, one.value, one.name)
            }
            for name, choices in self.choices.items()
        }


def code_list() -> Mapping[str, Any]:
    """data/practices.toml as it stands."""
    with (DATA / "practices.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def site_visit_form() -> Form:
    """The form of this installation's code list."""
    with (DATA / FIXED).open("rb") as file:
        return build_form(code_list(), tomllib.load(file))


def build_form(codes: Mapping[str, Any], fixed: Mapping[str, Any]) -> Form:
    """The form of a code list and the fixed questions; FactsError where the two do not fit."""
    choices = _choices(codes, fixed)
    questions: list[Question] = []
    path: list[str] = []
    for record in fixed["question"]:
        kind, _, listed = record["type"].partition(" ")
        if kind == "practices":
            questions += [*_flags(codes), *_practice_groups(codes, fixed)]
            continue
        if kind in ("begin", "end"):
            kind, listed = record["type"], ""
        if kind.startswith("end"):
            path.pop()
        if listed and listed not in choices:
            raise FactsError(f"{FIXED}: question '{record['name']}' has no choices '{listed}'.")
        questions.append(_question(record, kind=kind, choices=listed, path=tuple(path)))
        if kind.startswith("begin"):
            path.append(record["name"])
    return Form(
        form_id=fixed["form_id"],
        title=fixed["title"],
        questions=tuple(questions),
        choices=choices,
    )


def _question(
    record: Mapping[str, Any], *, kind: str, choices: str, path: tuple[str, ...]
) -> Question:
    plain = {name: value for name, value in record.items() if name not in ("type", "name")}
    return Question(kind=kind, name=record.get("name", ""), choices=choices, path=path, **plain)


def _choices(
    codes: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Mapping[str, tuple[Choice, ...]]:
    """Every list; those that the code list rules hold exactly its words, each with a label."""
    told: Mapping[str, Mapping[str, list[str]]] = fixed["choices"]
    groups = {one["group"]: one["group"] for one in codes["operation"]}
    groups |= {kind: one["group"] for one in codes["operation"] for kind in one["types"]}
    ruled = {
        "states": {state: state for state in codes["states"]},
        "evidence": {evidence: evidence for evidence in codes["evidence"]},
        "operations": {
            name: group
            for one in codes["operation"]
            for name, group in groups.items()
            if group == one["group"]
        }
        | {"other": ""},
    }
    lists = {name: ruled.get(name) or {one: one for one in labels} for name, labels in told.items()}
    return {
        name: tuple(
            Choice(name=folded(word), value=value, label=english, label_fr=french)
            for word, value in words.items()
            for english, french in [told[name].get(word, (_plain(word), _plain(word)))]
        )
        for name, words in lists.items()
    }


def _plain(word: str) -> str:
    """A word of the code list that nobody gave a label yet, fit to be read."""
    return word[:1].upper() + word[1:].replace("-", " ")


def _flags(codes: Mapping[str, Any]) -> Iterator[Question]:
    """The flags that follow from the operations chosen: nobody is asked what can be computed."""
    computed = dict.fromkeys(flag for one in codes["operation"] for flag in one["does"])
    for flag in computed:
        doing = [
            folded(name)
            for one in codes["operation"]
            if flag in one["does"]
            for name in (one["group"], *one["types"])
        ]
        chosen = " or ".join(f"selected(${{operations}}, '{name}')" for name in doing)
        yield Question(
            kind="calculate",
            name=flag,
            calculation=f"if({chosen}, 'yes', if(selected(${{operations}}, 'other'), 'unknown', "
            "'no'))",
        )


def _practice_groups(codes: Mapping[str, Any], fixed: Mapping[str, Any]) -> Iterator[Question]:
    """The practices by topic, each in a group of its own."""
    prefixes = [prefix for topic in fixed["topic"] for prefix in topic["codes"]]
    for topic in fixed["topic"]:
        inside = [
            one
            for one in codes["practice"]
            if (prefix := one["code"].split("-")[0]) in topic["codes"]
            or (not topic["codes"] and prefix not in prefixes)
        ]
        if not inside:
            continue
        yield Question(
            kind="begin group",
            name=topic["name"],
            label=topic["label"],
            label_fr=topic["label_fr"],
        )
        for practice in inside:
            yield from _practice(practice, fixed["labels"], path=(topic["name"],))
        yield Question(kind="end group", name=topic["name"])


def _practice(
    practice: Mapping[str, Any], labels: Mapping[str, Sequence[str]], *, path: tuple[str, ...]
) -> Iterator[Question]:
    """State, evidence and amount of one practice, each asked only where it makes sense."""
    code, title = practice["code"], practice["title"]
    french = practice.get("title_fr", title)
    slug = folded(code)
    state = f"${{{STATE}_{slug}}}"
    applies = practice["applies"]
    where = f"${{{applies}}} != 'no'" if applies else ""
    yield Question(
        kind="select_one", name=f"{STATE}_{slug}", label=title, label_fr=french,
        hint=labels["state_hint"][0], hint_fr=labels["state_hint"][1],
        choices="states", relevant=where, practice=code, part=STATE, path=path,
    )  # fmt: skip
    known = " or ".join(f"{state} = '{folded(one)}'" for one in KNOWN_STATES)
    yield Question(
        kind="select_one", name=f"{EVIDENCE}_{slug}",
        label=labels["evidence"][0].format(title=title),
        label_fr=labels["evidence"][1].format(title=french),
        choices="evidence", relevant=known, practice=code, part=EVIDENCE, path=path,
    )  # fmt: skip
    if "tells" in practice:
        in_use = " or ".join(f"{state} = '{one}'" for one in ("used", "partly"))
        yield Question(
            kind="calculate", name=practice["tells"], path=path,
            calculation=f"if({in_use}, 'yes', if({state} = 'unknown', 'unknown', 'no'))",
        )  # fmt: skip
    if "intensity" in practice:
        yield Question(
            kind="decimal", name=f"{AMOUNT}_{slug}",
            label=practice["intensity"],
            label_fr=practice.get("intensity_fr", practice["intensity"]),
            hint=labels["amount_hint"][0], hint_fr=labels["amount_hint"][1],
            relevant=" or ".join(f"{state} = '{one}'" for one in ("used", "partly")),
            constraint=". >= 0", message="A number, 0 or more.",
            message_fr="Un nombre, 0 ou plus.", practice=code, part=AMOUNT, path=path,
        )  # fmt: skip
