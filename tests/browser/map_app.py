"""The app as it ships, with a page that is only a map of the invented world."""

from pathlib import Path

from dashboard.app import create_app
from tests.browser import map_world

app = create_app(script=Path(__file__).with_name("map_script.py"), work=map_world)
