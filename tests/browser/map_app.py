"""The app as it ships, with a page that is only a map of the invented world."""

from pathlib import Path

from streamlit.starlette import App

from dashboard.app import parts
from tests.browser import map_world, tile_world

ours = parts(work=map_world)
# First, so that they stand in for the app's own tiles.
ours["routes"] = [*tile_world.routes(), *ours["routes"]]
app = App(Path(__file__).with_name("map_script.py"), **ours)
