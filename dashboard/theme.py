"""Our own style on top of .streamlit/config.toml: constant text, no data ever gets in here."""

import streamlit as st

from layers.facts import kinds

_CSS = """
.block-container {padding: 0.75rem 1.5rem 3rem; max-width: 1480px;}
[data-testid="stHeader"] {display: none;}
[data-testid="stVerticalBlock"] {gap: 0.65rem;}
[data-testid="stHeading"] [data-testid="stMarkdownContainer"] {margin-bottom: 0;}
[data-testid="stHeading"] h1 {font-size: 1.45rem !important; padding: 0.25rem 0 0 !important;}
[data-testid="stHeading"] h2 {font-size: 1.15rem !important; padding: 0.6rem 0 0 !important;}
[data-testid="stHeading"] h3 {font-size: 1rem !important; padding: 0.2rem 0 0 !important;}
.stMarkdown p, .stMarkdown li {line-height: 1.45;}
.stMarkdown ul {margin-bottom: 0.25rem;}
[data-testid="stMetricValue"] {font-size: 1.45rem;}
.st-key-top {border-bottom: 1px solid rgba(38, 50, 56, 0.14); padding-bottom: 0.35rem;}
.st-key-brand p {font-weight: 700; font-size: 1.05rem; white-space: nowrap;}
.st-key-top [data-testid="stPageLink-NavLink"] {min-height: 2.6rem; padding: 0 0.8rem; margin: 0;}
.st-key-top [data-testid="stPageLink"] p {white-space: nowrap;}
.st-key-nav-adoption-within a {background: rgba(15, 92, 99, 0.1); border-radius: 6px;}
.st-key-nav-adoption-within a p {font-weight: 600;}
.st-key-subnav {border-bottom: 1px solid rgba(38, 50, 56, 0.14); flex-wrap: wrap;}
.st-key-subnav [data-testid="stPageLink-NavLink"] {min-height: 2.4rem; padding: 0 0.8rem;
  margin: 0;}
[class*="st-key-phase-"] {border: 1px solid rgba(38, 50, 56, 0.16); border-radius: 6px;
  padding: 0.35rem 0.7rem 0.45rem; gap: 0 !important; height: 100%;}
.st-key-phases > div {flex: 1 1 160px !important; width: auto !important;}
[class*="st-key-phase-"][class*="-here"] {border-color: #0f5c63;
  background: rgba(15, 92, 99, 0.06);}
[class*="st-key-phase-"] p {margin: 0; font-size: 0.85rem;}
[class*="st-key-phase-"] [data-testid="stMarkdownContainer"],
[class*="st-key-phase-"] [data-testid="stCaptionContainer"] {margin-bottom: 0;}
[class*="st-key-action-"] {border: 1px solid rgba(38, 50, 56, 0.16); border-left-width: 6px;
  border-radius: 6px; padding: 0.5rem 0.9rem 0.7rem; gap: 0.25rem !important;}
[class*="st-key-action-"] p {margin: 0;}
[class*="st-key-action-"] [data-testid="stMarkdownContainer"],
[class*="st-key-action-"] [data-testid="stCaptionContainer"] {margin-bottom: 0;}
[class*="st-key-action-on-track"] {border-left-color: #2f6b3a;}
[class*="st-key-action-behind"] {border-left: 6px double #b42318;}
[class*="st-key-action-cant-tell"] {border-left: 6px dashed #b45309;}
[class*="st-key-chart-"] img {width: 100%; height: auto; display: block;}
[class*="st-key-go-"] a {border: 1px solid #0f5c63; border-radius: 6px; min-height: 2.5rem;
  padding: 0 0.9rem; margin: 0;}
[class*="st-key-go-"] a p {color: #0f5c63; font-weight: 600;}
.st-key-banner {background: #fff3d6; border-left: 4px solid #b45309; border-radius: 4px;
  padding: 0.4rem 0.75rem;}
.st-key-banner p {color: #5f3b05; font-size: 0.9rem;}
.st-key-footer {margin-top: 1.25rem; border-top: 1px solid rgba(38, 50, 56, 0.14);
  padding-top: 0.5rem;}
[class*="st-key-card-"] {border: 1px solid rgba(38, 50, 56, 0.16); border-left-width: 5px;
  border-radius: 6px; padding: 0.6rem 0.8rem 0.7rem; height: 100%; gap: 0.15rem !important;}
[class*="st-key-card-"] p, [class*="st-key-panel-"] p {margin: 0;}
[class*="st-key-card-"] [data-testid="stMarkdownContainer"],
[class*="st-key-card-"] [data-testid="stCaptionContainer"],
[class*="st-key-panel-"] [data-testid="stCaptionContainer"],
[class*="st-key-finding-"] [data-testid="stCaptionContainer"],
[class*="st-key-panel-"] [data-testid="stMarkdownContainer"],
[class*="st-key-finding-"] [data-testid="stMarkdownContainer"] {margin-bottom: 0;}
[data-testid="stElementToolbar"] button[aria-label*="ownload"] {display: none;}
.st-key-results {overflow-x: auto; padding-bottom: 0.3rem;}
.st-key-results > div {flex: 0 0 auto; width: auto !important;}
.st-key-results button p {white-space: nowrap;}
.st-key-figures > div {flex: 1 1 150px;}
[class*="st-key-panel-"] {border: 1px solid rgba(38, 50, 56, 0.16); border-radius: 6px;
  padding: 0.75rem 0.9rem;}
[class*="st-key-finding-blocking"] {border-left: 4px solid #b3261e; background: #fdf1f0;
  border-radius: 4px; padding: 0.5rem 0.75rem; gap: 0.1rem !important;}
[class*="st-key-finding-told"] {border-left: 4px solid #0f766e; background: #f0f7f6;
  border-radius: 4px; padding: 0.5rem 0.75rem; gap: 0.1rem !important;}
[class*="st-key-finding-"] p {margin: 0;}
[class*="st-key-unit-"] {border: 1px solid rgba(38, 50, 56, 0.16); border-left-width: 6px;
  border-radius: 6px; padding: 0.4rem 0.8rem 0.5rem; gap: 0.1rem !important;}
[class*="st-key-unit-"] p {margin: 0;}
[class*="st-key-unit-"] [data-testid="stMarkdownContainer"],
[class*="st-key-unit-"] [data-testid="stCaptionContainer"] {margin-bottom: 0;}
[class*="st-key-unit-"] button[kind="tertiary"] {padding: 0; min-height: 1.9rem; text-align: left;}
[class*="st-key-unit-"] button[kind="tertiary"] p {font-weight: 650; font-size: 1rem;
  text-decoration: underline; text-decoration-color: rgba(38, 50, 56, 0.25);
  text-underline-offset: 3px;}
[class*="st-key-unit-"][class*="-chosen"] {outline: 2px solid #0f5c63;}
@media (min-width: 641px) {.st-key-to-map {display: none;}
  [class*="st-key-chart-narrow-"] {display: none;}}
@media (min-width: 900px) {.st-key-hotmap {position: sticky; top: 8px;}}
[class*="st-key-unit-hot_99"] {border-left: 9px solid #6b1d3a;}
[class*="st-key-unit-hot_95"] {border-left: 9px double #b4571b;}
[class*="st-key-unit-not_significant"] {border-left-color: #b9a35c;}
[class*="st-key-unit-not_tested"] {border-left-color: #5d8791;}
[class*="st-key-unit-too_few"] {border-left: 6px dotted #6f7f86;}
[class*="st-key-unit-not_surveyed"] {border-left: 6px dashed #a9aeb1;}
/* the map alone, in a frame of somebody else's page */
.block-container:has(.st-key-embedded) {padding: 0; max-width: none;}
.stMain:has(.st-key-embedded), .block-container:has(.st-key-embedded) > div {gap: 0;}
.stMain:has(.st-key-embedded) {overflow: hidden;}
.st-key-embedded iframe {height: 100dvh !important; display: block;}
/* the pages of adoption on paper: what is chosen stands in headings, charts one below the other */
@media print {
  .stMain:has(.st-key-subnav) :is(.st-key-top, .st-key-choices, .st-key-subnav,
    .st-key-adoption-choices, .st-key-take-away, .stButton, .stDownloadButton, .stSelectbox,
    .stMultiSelect, .stButtonGroup, details:not([open])) {display: none;}
  .stMain:has(.st-key-subnav) [data-testid="stColumn"] {min-width: 100%;}
  .stMain:has(.st-key-subnav) [data-testid="stHorizontalBlock"] {flex-wrap: wrap;}
  [data-testid="stHeading"] {break-after: avoid;}
  [class*="st-key-chart-"] img, [class*="st-key-action-"] {break-inside: avoid;}
  [class*="st-key-chart-"] img {width: auto; max-height: 240mm;}
}
@media (max-width: 640px) {
  .block-container {padding: 0.5rem 0.9rem 2rem;}
  /* six pages in one row of a phone */
  .st-key-top [data-testid="stPageLink-NavLink"] {padding: 0 0.36rem; min-height: 2.75rem;}
  .st-key-subnav [data-testid="stPageLink-NavLink"] {padding: 0 0.7rem; min-height: 2.75rem;}
  .stButton button, .stDownloadButton button,
  [data-testid="stPopover"] button {min-height: 2.75rem;}
  [class*="st-key-go-"] a {min-height: 2.75rem;}
  [data-testid="stElementToolbar"] {display: none;}
  .st-key-figures > div {flex: 1 1 40%; min-width: 40%;}
  /* one row each: pages; region, rules, link; search and conflicts. The map comes next. */
  .st-key-brand {display: none;}
  [class*="st-key-chart-wide-"] {display: none;}
  .st-key-choices, .st-key-search {gap: 0.4rem !important; flex-wrap: nowrap !important;}
  .st-key-choices > div:first-child, .st-key-search > div:first-child {flex: 1 1 90px;
    min-width: 90px; width: auto !important;}
  .st-key-choices > div:not(:first-child), .st-key-choices [data-testid="stPopover"]
    {width: auto !important; min-width: 0; flex: 0 0 auto;}
  .st-key-choices [data-testid="stPopover"] button {padding: 0 0.5rem !important; width: auto;
    min-width: 0 !important;}
  .st-key-choices [data-testid="stPopover"] p {font-size: 0.75rem !important; white-space: nowrap;}
  .st-key-choices [data-testid="stPopover"] button span:has(> [data-testid="stIconMaterial"])
    {display: none !important;}
  .st-key-choices [data-baseweb="select"] > div > div:first-child {padding: 0 0 0 0.5rem;}
  .st-key-search > div:not(:first-child) {padding-right: 0.5rem;}
  .st-key-search [data-testid="stCheckbox"] p {font-size: 0.85rem; white-space: nowrap;}
  .st-key-banner p {font-size: 0.78rem; line-height: 1.3;}
  .st-key-mapframe iframe {height: max(340px, min(620px, calc(100dvh - 270px))) !important;}
  /* the sheet of the chosen conflict stands between table and map */
  .st-key-work > [data-testid="stLayoutWrapper"]:first-child,
  .st-key-work > [data-testid="stLayoutWrapper"]:first-child > [data-testid="stHorizontalBlock"]
    {display: contents;}
  .st-key-work > div:nth-child(2) {order: 1;}
  .st-key-work > :first-child > div > [data-testid="stColumn"]:nth-child(2) {order: 2;}
  [data-testid="stMetricValue"] {font-size: 1.2rem;}
}
"""


def apply() -> None:
    """Put the style on the page."""
    colours = "".join(
        f'[class*="st-key-card-{kind.kind_id}-"] {{border-left-color: {kind.color};}}\n'
        for kind in kinds().values()
    )
    st.html(f"<style>{_CSS}{colours}</style>")
