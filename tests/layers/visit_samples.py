"""Visits as exports write them: one set of answers, with names or labels, groups, split columns."""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import openpyxl
import pandas as pd
import shapely

from layers import facts
from layers.practices import practices
from layers.read import Limits, TablesReport
from layers.read.tables import write_tables
from layers.visits.form import Question, site_visit_form
from layers.visits.ground import RegionGround
from layers.visits.model import VisitPlan, VisitRequest
from layers.visits.plan import Known, plan_visits
from layers.visits.words import visit_words

Language = Literal["names", "en", "fr"]
Several = Literal["single", "split", "both"]
FORM = site_visit_form()
QUESTIONS = {one.name: one for one in FORM.questions if one.label or one.kind == "calculate"}

ANSWERS: dict[str, Any] = {
    "visit_date": "2026-02-03",
    "round": "dry season 2026",
    "selection": "random_sample",
    "site_id": "S-1",
    "site_name": "Kokoase",
    "district": "Tarkwa-Nsuaem",
    "position": "5.30 -2.00 80 6.5",
    "share_position": "no",
    "operations": ["panning", "abandoned_shaft"],
    "digs": "yes",
    "processes": "yes",
    "washes": "yes",
    "machines": "no",
    "near_water": "yes",
    "burns_amalgam": "no",
    "state_hg_use": "used",
    "evidence_hg_use": "seen",
    "amount_hg_use": "12.5",
    "uses_mercury": "yes",
    "state_wa_pond": "partly",
    "evidence_wa_pond": "claimed",
    "state_so_ppe": "not_used",
    "state_la_fill": "tried_and_stopped",
    "state_pe_op": "unknown",
    "women": "4",
    "men": "11",
    "led_by": "woman",
    "remarks": "a dry day",
}
"""One visit by the names of questions and choices, as a phone sends it."""


def header(question: Question, *, language: Language, groups: bool, odk: bool = False) -> str:
    texts = {"names": question.name, "en": question.label, "fr": question.label_fr}
    own = texts[language] or question.name
    if not groups:
        return own
    titles = {"names": "{0.name}", "en": "{0.label}", "fr": "{0.label_fr}"}[language]
    named = {one.name: one for one in FORM.questions if one.kind.startswith("begin")}
    path = [titles.format(named[name]) for name in question.path]
    return ("-" if odk else "/").join([*path, own])


def cell(question: Question, answer: str, *, language: Language) -> str:
    if not question.choices or language == "names":
        return answer
    choice = next(one for one in FORM.choices[question.choices] if one.name == answer)
    return choice.label if language == "en" else choice.label_fr


def export_row(
    answers: Mapping[str, Any],
    *,
    language: Language = "names",
    groups: bool = True,
    several: Several = "single",
    odk: bool = False,
) -> dict[str, str]:
    """A row of an export: header -> cell."""
    row: dict[str, str] = {}
    for name, answer in answers.items():
        question = QUESTIONS[name]
        title = header(question, language=language, groups=groups, odk=odk)
        if question.kind == "select_multiple":
            if several != "split":
                row[title] = " ".join(cell(question, one, language=language) for one in answer)
            for choice in FORM.choices[question.choices] if several != "single" else ():
                label = cell(question, choice.name, language=language)
                row[f"{title}/{label}"] = "1" if choice.name in answer else "0"
        elif question.kind == "geopoint":
            row |= position_cells(title, str(answer), odk=odk)
        else:
            row[title] = cell(question, str(answer), language=language)
    return row


def position_cells(title: str, answer: str, *, odk: bool) -> dict[str, str]:
    parts = answer.split()
    if odk:
        names = ("Latitude", "Longitude", "Altitude", "Accuracy")
        return {f"{title}-{name}": part for name, part in zip(names, parts, strict=False)}
    before, slash, own = title.rpartition("/")
    names = ("latitude", "longitude", "altitude", "precision")
    cells = {
        f"{before}{slash}_{own}_{name}": part for name, part in zip(names, parts, strict=False)
    }
    return {title: answer, **cells}


def kobo(*visits: Mapping[str, Any], uuids: Sequence[str] = (), **how: Any) -> list[dict[str, str]]:
    """Rows of a KoboToolbox export; `_validation_status` may be among the answers."""
    rows = []
    for number, visit in enumerate(visits, start=1):
        plain = {name: answer for name, answer in visit.items() if not name.startswith("_")}
        rows.append(
            export_row(plain, **how)
            | {
                "_id": str(900 + number),
                "_uuid": uuids[number - 1] if uuids else f"uuid-{number}",
                "_submission_time": "2026-02-03T10:00:00",
                "_validation_status": visit.get("_validation_status", ""),
                "_index": str(number),
            }
        )
    return rows


def odk(*visits: Mapping[str, Any], **how: Any) -> list[dict[str, str]]:
    """Rows of an ODK Central export."""
    return [
        {"SubmissionDate": "2026-02-03T10:00:00"}
        | export_row(
            {name: answer for name, answer in visit.items() if not name.startswith("_")},
            odk=True,
            **how,
        )
        | {
            "meta-instanceID": f"uuid:uuid-{number}",
            "KEY": f"uuid:uuid-{number}",
            "ReviewState": visit.get("_validation_status", ""),
        }
        for number, visit in enumerate(visits, start=1)
    ]


def csv_of(rows: Sequence[Mapping[str, str]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def workbook_of(sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        names = list(dict.fromkeys(name for row in rows for name in row))
        sheet.append(names)
        for row in rows:
            sheet.append([row.get(name, "") for name in names])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def tables_of(folder: Path, content: bytes, name: str = "visits.csv") -> TablesReport:
    """The tables of a file, read in this process: starting a worker for each test takes long."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_bytes(content)
    report = write_tables(path, name, folder, Limits(), lambda share, told: None)
    return replace(report, folder=folder)


def ground() -> RegionGround:
    """Three districts side by side, three sites and a village."""
    names = ("Tarkwa-Nsuaem", "Prestea-Huni Valley", "Wassa East")
    districts = gpd.GeoDataFrame(
        {"district_id": ["D1", "D2", "D3"], "district": list(names)},
        geometry=[
            shapely.box(-2.2 + 0.2 * at, 5.0, -2.0 + 0.2 * at, 5.6) for at in range(len(names))
        ],
        crs=4326,
    )
    sites = pd.DataFrame(
        {
            "site_id": ["S-1", "S-2", "S-3"],
            "site_name": ["Kokoase", "Bonsa", "Bonsa"],
            "longitude": [-2.1, -2.1, -1.9],
            "latitude": [5.30, 5.20, 5.20],
            "district_id": ["D1", "D1", "D2"],
        }
    )
    settlements = pd.DataFrame({"name": ["Dompim"], "district_id": ["D1"]})
    return RegionGround(districts=districts, sites=sites, settlements=settlements)


def known(**more: Any) -> Known:
    return Known(
        region=facts.region("tarkwa"),
        ground=more.get("ground", ground()),
        form=FORM,
        words=visit_words(),
        practices=practices(),
        today=dt.date(2026, 6, 1),
    )


def plan(folder: Path, content: bytes, *, name: str = "visits.csv", **request: Any) -> VisitPlan:
    return plan_visits(
        tables_of(folder, content, name), VisitRequest(region_id="tarkwa", **request), known()
    )


def states(made: VisitPlan) -> dict[tuple[str, str], str]:
    """(identity, practice) -> state."""
    identity = made.visits["identity"].to_numpy()
    seen = made.observations
    return {
        (identity[at], code): state
        for at, code, state in zip(seen["visit"], seen["practice"], seen["state"], strict=True)
    }


def codes(made: VisitPlan) -> set[str]:
    return {finding.code for finding in made.findings}
