"""The app as it ships, with a page that is only a map of the region of `carto_world`."""

from pathlib import Path

from streamlit.starlette import App

from dashboard.app import parts
from tests.browser import carto_world

app = App(Path(__file__).with_name("carto_script.py"), **parts(work=carto_world))
