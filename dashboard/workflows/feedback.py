"""What comes back from a field visit: brought in once, beside its stop, decided by a person."""

import datetime as dt
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.field.feedback import (
    CONSENTS,
    GROUPS,
    KINDS,
    MOST_TEXT,
    SEXES,
    Item,
    read_feedback,
    refusal,
)
from dashboard.workflows.field_sites import Site, SitePlace, places_in
from dashboard.workflows.home import current
from dashboard.workflows.types import ConflictRun, WorkflowError
from layers.field.records import Audience, Decision, FieldNote, FieldVisit, Keepsake
from layers.store import Store


@dataclass(frozen=True, kw_only=True)
class FeedbackImport:
    """What an import did: notes added, notes there already, and sentences on what was left out."""

    filename: str
    added: int
    already_there: int
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NoteBeside:
    """A note beside what it speaks of.

    `stop` counts the visit's stops from 1, None = no stop of the visit any more. `conflict` is the
    possible conflict in a sentence, `conflict_gone` tells that it names one that is not found now.
    """

    note: FieldNote
    stop: int | None
    site_name: str
    conflict: str | None = None
    conflict_gone: bool = False

    def as_json(self) -> dict[str, Any]:
        """The note as plain JSON types; photos and sounds by name and checksum."""
        note = self.note
        return {
            **{
                name: getattr(note, name)
                for name in (
                    *("visit_id", "item_id", "kind", "layer_id", "feature_id", "text"),
                    *("conflict_id", "field", "group", "sex", "language", "consent"),
                    *("longitude", "latitude", "filename", "received_by", "decision"),
                    *("decided_by", "why", "shown_text"),
                )
            },
            **{
                name: _moment(getattr(note, name))
                for name in ("written_at", "received_at", "decided_at")
            },
            "keepsakes": [dict(vars(one)) for one in note.keepsakes],
            "stop": self.stop,
            "site_name": self.site_name,
            "conflict": self.conflict,
        }


def import_feedback(
    store: Store, visit_id: str, content: bytes, *, filename: str, actor: str
) -> FeedbackImport:
    """Keep the notes of a feedback file; they wait until somebody decides.

    A note is known by its own id: the same file twice adds nothing. Photos and sounds are kept as
    originals. FeedbackError where it is no such file, WorkflowError where it is another visit's or
    nobody says who brings it.
    """
    who = _named(actor)
    told = read_feedback(content, filename=filename)
    visit = store.field_visit(visit_id)
    if told.visit_id != visit_id:
        raise WorkflowError(
            f"'{filename}' is of visit '{told.visit_id}', not of '{visit.title}' ({visit_id}). "
            "Choose that visit, then bring the file again."
        )
    layers = _layers_of_stops(store, visit_id)
    problems = list(told.problems)
    strangers = sorted({one.feature_id for one in told.items if one.feature_id not in layers})
    problems += [
        f"Site '{feature_id}' was never a stop of this visit; its notes are kept without a stop."
        for feature_id in strangers
    ]
    notes = [
        _note(store, visit, item, layer_id=layers.get(item.feature_id), filename=filename)
        for item in told.items
    ]
    added, already = store.add_field_notes(notes, actor=who)
    return FeedbackImport(
        filename=filename, added=added, already_there=already, problems=tuple(problems)
    )


def type_in_note(
    store: Store,
    note: FieldNote,
    *,
    actor: str,
    medium: tuple[str, str, bytes] | None = None,
) -> FieldNote:
    """Keep a note that was written on paper; WorkflowError where it lacks something.

    `medium` is the name, type and bytes of a photo or sound. The note gets an id of its own.
    """
    who = _named(actor)
    text = note.text.strip()
    if not text and medium is None:
        raise WorkflowError("The note is empty. Type in what is on the paper.")
    if len(text) > MOST_TEXT:
        raise WorkflowError(
            f"The note has {len(text):,} characters; at most {MOST_TEXT:,} are kept. Split it."
        )
    if note.kind not in KINDS:
        raise WorkflowError(f"A note is one of: {', '.join(KINDS)}; not '{note.kind}'.")
    voice = note.kind == "voice"
    if voice and not (note.consent in CONSENTS and note.group in GROUPS and note.sex in SEXES):
        raise WorkflowError("A voice needs its consent, and who spoke may be 'not stated'.")
    layer_id = _layers_of_stops(store, note.visit_id).get(note.feature_id)
    if layer_id is None:
        raise WorkflowError(f"Site '{note.feature_id}' is no stop of this visit. Choose a stop.")
    keepsakes = note.keepsakes
    if medium is not None:
        name, type_, content = medium
        wrong = refusal(type_, content)
        if wrong:
            raise WorkflowError(f"'{name}' {wrong}. Choose another file.")
        keepsakes = (keep_medium(store, content, name=name, type_=type_),)
    kept = replace(
        note,
        keepsakes=keepsakes,
        item_id=uuid.uuid4().hex,
        region_id=store.field_visit(note.visit_id).region_id,
        layer_id=layer_id,
        text=text,
        field=note.field if note.kind == "correction" else None,
        group=note.group if voice else None,
        sex=note.sex if voice else None,
        language=note.language if voice else None,
        consent=note.consent if voice else None,
        filename=note.filename or "typed in from paper",
    )
    store.add_field_notes([kept], actor=who)
    return kept


def notes_beside(
    store: Store, visit_id: str, *, run: ConflictRun | None = None
) -> tuple[NoteBeside, ...]:
    """What came back from a visit, the waiting ones first, each beside its stop and its conflict.

    Without `run` conflicts are named by their id alone.
    """
    visit = store.field_visit(visit_id)
    notes = store.field_notes(visit.region_id, visit_id=visit_id)
    numbers = {
        (stop.layer_id, stop.feature_id): number for number, stop in enumerate(visit.stops, start=1)
    }
    names = _names(store, notes)
    conflicts = _conflicts(run, notes) if run is not None else {}
    beside = []
    for note in notes:
        site = (note.layer_id or "", note.feature_id)
        place = names.get(site)
        told = conflicts.get(note.conflict_id or "")
        beside.append(
            NoteBeside(
                note=note,
                stop=numbers.get(site),
                site_name=place.name if place else note.feature_id,
                conflict=told,
                conflict_gone=run is not None and note.conflict_id is not None and told is None,
            )
        )
    return tuple(sorted(beside, key=lambda one: one.note.decision != "waiting"))


def decide_note(
    store: Store,
    visit_id: str,
    item_id: str,
    *,
    decision: Decision,
    why: str,
    actor: str,
    shown_text: str | None = None,
    consent: Audience | None = None,
) -> FieldNote:
    """Accept or reject a note; `shown_text` is a corrected text, the one that came stays kept.

    A consent can be made narrower, never wider. StoreError or WorkflowError with a sentence.
    """
    who = _named(actor)
    if shown_text is not None and len(shown_text) > MOST_TEXT:
        raise WorkflowError(f"The corrected text is longer than {MOST_TEXT:,} characters.")
    return store.decide_field_note(
        visit_id,
        item_id,
        decision=decision,
        why=why.strip(),
        actor=who,
        shown_text=shown_text,
        consent=consent,
    )


def keep_medium(store: Store, content: bytes, *, name: str, type_: str) -> Keepsake:
    """Keep a photo or sound as an original."""
    return Keepsake(name=name, type=type_, sha256=store.put_original(io.BytesIO(content)))


def read_medium(store: Store, kept: Keepsake) -> bytes:
    """The bytes of a photo or sound; StoreError where it is gone."""
    with store.open_original(kept.sha256) as file:
        return file.read()


def _note(
    store: Store, visit: FieldVisit, item: Item, *, layer_id: str | None, filename: str
) -> FieldNote:
    return FieldNote(
        visit_id=visit.visit_id,
        item_id=item.item_id,
        region_id=visit.region_id,
        kind=item.kind,
        layer_id=layer_id,
        feature_id=item.feature_id,
        text=item.text,
        conflict_id=item.conflict_id,
        field=item.field,
        group=item.group,
        sex=item.sex,
        language=item.language,
        consent=item.consent,  # type: ignore[arg-type] - the reader lets only known ones pass
        keepsakes=tuple(
            keep_medium(store, one.content, name=one.name, type_=one.type) for one in item.media
        ),
        written_at=item.written_at,
        filename=filename,
    )


def _layers_of_stops(store: Store, visit_id: str) -> dict[str, str]:
    """The layer of each site that is or ever was a stop: a pack may be older than the plan."""
    found: dict[str, str] = {}
    for state in store.field_visit_history(visit_id):
        for stop in state.stops:
            found.setdefault(stop.feature_id, stop.layer_id)
    return found


def _names(store: Store, notes: Sequence[FieldNote]) -> dict[Site, SitePlace]:
    """The sites of notes that are still in their layers."""
    shown = {
        layer.layer_id: layer
        for region_id in {note.region_id for note in notes}
        for layer in store.layers(region_id)
        if layer.current
    }
    found: dict[Site, SitePlace] = {}
    for layer_id in {note.layer_id for note in notes if note.layer_id in shown}:
        if layer_id is None:
            continue
        ids = sorted({note.feature_id for note in notes if note.layer_id == layer_id})
        frame = store.read_features(current(shown[layer_id]).version_id, feature_ids=ids)
        found |= {place.site: place for place in places_in(layer_id, frame, {})}
    return found


def _conflicts(run: ConflictRun, notes: Sequence[FieldNote]) -> Mapping[str, str]:
    wanted = {note.conflict_id for note in notes if note.conflict_id}
    table = run.table[run.table["conflict_id"].isin(wanted)]
    told = {}
    for row in table.to_dict("records"):
        name = row["object_name"]
        what = name if isinstance(name, str) and name else row["object_id"]
        verdict = "inside the line" if row["verdict"] == "inside" else "too close to call"
        told[str(row["conflict_id"])] = f"{row['rule_title']}: {what}, {verdict}"
    return told


def _named(actor: str) -> str:
    if not actor.strip():
        raise WorkflowError("Say who you are: what comes back keeps who brought and decided it.")
    return actor.strip()


def _moment(when: dt.datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None
