"""The pack as it is served at a link: the same file, with what lets a phone keep it.

The policy inside names the scripts by their hashes, because the file shares its origin with the
dashboard: whatever a name or a note held, no other script runs.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from string import Template

from dashboard import assets
from dashboard.field.model import Pack, PackError
from dashboard.field.words import N_, Words

KEPT = N_("This pack is kept on this phone: it opens without a network at the same address.")
FILES = N_("Files to keep")
MANIFEST, WORKER, ICON = "manifest.webmanifest", "worker.js", "icon.svg"
SCRIPT = """
(function () {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  const tell = () => { document.getElementById("pk-kept").hidden = false; };
  const worker = navigator.serviceWorker;
  worker.register("worker.js").then(() => worker.ready).then(tell, (error) => console.warn(error));
})();
"""
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">')
_RUN = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def served_page(pack: Pack, page: bytes, *, sizes: Mapping[str, int]) -> bytes:
    """The pack's HTML for a link; `sizes` are the other files behind it, in bytes."""
    text = page.decode()
    head = f'<link rel="manifest" href="{MANIFEST}">\n<link rel="icon" href="{ICON}">\n'
    text = _before(text, "</head>", head)
    text = _before(text, "</section>", _about(pack, sizes))
    text = _before(text, "</body>", f"<script>{SCRIPT}</script>\n")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{policy_of(text)}">'
    return _POLICY.sub(lambda _: policy, text, count=1).encode()


def policy_of(text: str) -> str:
    """What the page may do: run the scripts that are in it, and be kept."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _RUN.findall(text)
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src 'self' data: "
        "blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; "
        "base-uri 'none'"
    )


def manifest(pack: Pack) -> bytes:
    """What a phone needs to install the pack (W3C Web Application Manifest); scope: this link."""
    told = {
        "name": pack.title,
        "short_name": pack.title[:24],
        "lang": pack.languages[0],
        "start_url": "./",
        "scope": "./",
        "id": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1e3c5a",
        "icons": [{"src": ICON, "sizes": "any", "type": "image/svg+xml"}],
    }
    return json.dumps(told, ensure_ascii=False).encode()


def worker(visit_id: str, key: str) -> bytes:
    """The service worker; other bytes for another state of the pack, so that phones fetch it."""
    script = assets.read("pack/worker.js")
    if script is None:
        raise assets.AssetsError("'pack/worker.js' is not on this machine. Run: make setup")
    safe = re.sub(r"[^A-Za-z0-9_-]", "-", visit_id)
    values = {"key": f"{safe} {key}", "visit": safe}
    return Template(script.decode()).safe_substitute(values).encode()


def _before(text: str, mark: str, addition: str) -> str:
    """Text with an addition before the last of a mark."""
    head, found, tail = text.rpartition(mark)
    if not found:
        raise PackError(f"The page of the pack has no '{mark}'; it cannot be served.")
    return f"{head}{addition}{found}{tail}"


def _about(pack: Pack, sizes: Mapping[str, int]) -> str:
    """A line that the phone has kept the pack, and the other files, in each language."""
    links = "".join(
        f'<li><a href="{html.escape(name)}" download>{html.escape(name)}</a> '
        f"({max(1, round(size / 1_000)):,} kB)</li>"
        for name, size in sizes.items()
    )
    kept, files = [], []
    for number, language in enumerate(pack.languages):
        words = Words(language)
        mark = f'data-in="{html.escape(language)}"{"" if number == 0 else " hidden"}'
        kept.append(f"<p {mark}>{html.escape(words._(KEPT))}</p>")
        files.append(f"<h2 {mark}>{html.escape(words._(FILES))}</h2>")
    return (
        '<div class="pk-plain">'
        f'<div id="pk-kept" role="status" hidden>{"".join(kept)}</div>'
        f"{''.join(files)}<ul>{links}</ul></div>\n"
    )
