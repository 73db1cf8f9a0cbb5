"""The app as it ships, with `map_page.py` as its only page; serve it with uvicorn."""

from pathlib import Path

from streamlit.starlette import App

from dashboard.app import parts

pages = {"": ("ComponentInstance",)}
app = App(Path(__file__).with_name("map_page.py"), **parts(pages=pages))
