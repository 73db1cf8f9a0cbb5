"""The folium frame of the map: a constant script, and messages that reach it without a remount.

Imported only while a page runs, because it imports folium and with it the component's world.
"""

from collections.abc import Sequence

import folium
import streamlit_folium
from branca.element import MacroElement
from folium.template import Template
from streamlit import config
from streamlit.components.v1 import declare_component

from dashboard import assets, maps, shell

BASE = ("/" + (config.get_option("server.baseUrlPath") or "").strip("/")).rstrip("/")

if shell.frame_files():
    # A component may say where its page is. This one does not, and Streamlit's own address of it
    # holds no hash: the page would be asked for at every visit before the map can begin.
    # streamlit-folium has no option for it; to be removed once it has.
    streamlit_folium._component_func = declare_component(
        "map_frame", url=f"{BASE}/{shell.frame_path()}/index.html"
    )


class MapFrame(folium.Map):  # type: ignore[misc]
    """An empty folium map that loads Leaflet and our script from this server, and nothing else."""

    def __init__(self, *, base: str) -> None:
        # The view is set by the first message, in the same turn of the browser, before it paints.
        super().__init__(
            location=[0, 0],
            zoom_start=3,
            tiles=None,
            zoom_control=False,
            font_size="13px",
            attributionControl=False,
            zoomSnap=0.5,
            maxZoom=20,
            minZoom=3,
        )
        # Of folium's eleven stylesheets and scripts from six hosts, only Leaflet is used here.
        self.default_js = [(name, assets.url(name, base=base)) for name in assets.MAP_SCRIPTS]
        self.default_css = [(name, assets.url(name, base=base)) for name in assets.MAP_STYLES]
        self.add_child(_Attach(assets.url("vendor/leaflet/images/", base=base)))


class _Attach(MacroElement):  # type: ignore[misc]
    """Hands the map to our script. Must not hold anything that differs between two runs."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.Icon.Default.imagePath = {{ this.images|tojson }};
            CommonGround.attach({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, images: str) -> None:
        super().__init__()
        self._name = "Attach"
        self.images = images


class MapMessage(folium.FeatureGroup):  # type: ignore[misc]
    """What the map should show now, as a feature group without features.

    streamlit-folium runs the script of a changed feature group in the frame that is there already:
    the one way from Python into it that neither remounts it nor touches the view. `literal` comes
    from `maps.script_literal`.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} =
                CommonGround.receive({{ this.map_name }}, {{ this.literal }});
        {% endmacro %}
        """
    )

    def __init__(self, literal: str) -> None:
        super().__init__()
        # streamlit-folium names the map of the frame so, whatever folium called it.
        self.map_name = "map_div"
        self.literal = literal


class VectorTiles(folium.map.Layer):  # type: ignore[misc]
    """A layer of vector tiles for a folium map that loads our script (`MapFrame`).

    `url` holds {z}, {x} and {y}. `kind`, `color` ("#rrggbb") and `symbol` are those of
    data/kinds.toml and decide how features look; `only` limits them to these feature classes, None
    draws all; `opacity` is 0 to 1. All of it reaches the browser as data.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = CommonGround.vectorTiles({{ this.literal }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        url: str,
        *,
        kind: str,
        color: str,
        symbol: str,
        title: str = "",
        only: Sequence[str] | None = None,
        opacity: float = 1.0,
        show: bool = True,
    ) -> None:
        # folium writes names of layers into a control of its own as HTML: the title is not one.
        super().__init__(name=None, overlay=True, control=False, show=show)
        self._name = "VectorTiles"
        self.literal = maps.script_literal(
            {
                "vector": url,
                "kind": kind,
                "color": color,
                "symbol": symbol,
                "title": title,
                "only": None if only is None else list(only),
                "opacity": opacity,
            }
        )
