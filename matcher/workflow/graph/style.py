"""Define how pictures look: colours for light and dark, and a small icon for each type of state."""

from __future__ import annotations

from typing import Final

from matcher.workflow.graph.layout import DETAIL, LABEL, NAME

__all__ = ["ICONS", "STYLE"]

#: Strokes on a field of 24 by 24.
ICONS: Final = {
    "Task": '<path d="M10 7.5v9l7-4.5z" class="solid"/>',
    "Pass": '<path d="M6.5 12h10.5M13 8l4 4-4 4"/>',
    "Choice": '<path d="M12 5.5l6.5 6.5-6.5 6.5L5.5 12z"/>',
    "Wait": '<circle cx="12" cy="12" r="6.5"/><path d="M12 8.5V12l2.5 2"/>',
    "Succeed": '<path d="M7 12.5l3.5 3.5L17.5 8.5"/>',
    "Fail": '<path d="M8 8l8 8M16 8l-8 8"/>',
    "Parallel": '<path d="M8 6.5v11M12 6.5v11M16 6.5v11"/>',
    "Map": '<path d="M7 7h4v4H7zM13 7h4v4h-4zM7 13h4v4H7zM13 13h4v4h-4z"/>',
}

_KINDS: Final = {
    "task": "#d9731a",
    "pass": "#64748b",
    "choice": "#8a4fd3",
    "wait": "#0e8f9c",
    "succeed": "#1f9254",
    "fail": "#cf3434",
    "parallel": "#3867d6",
    "map": "#c03a86",
}
#: Status: its colour in light and in dark.
_STATUSES: Final = {
    "succeeded": ("#1f9254", "#3fbf7f"),
    "caught": ("#b96a00", "#f0a63c"),
    "failed": ("#cf3434", "#ff6b6b"),
    "aborted": ("#7b8494", "#9aa4b5"),
    "running": ("#2b6fe0", "#6aa5ff"),
}


#: Arrowheads by the class of their way: the size of each.
_HEADS: Final = {"idle": 8, "taken": 10, "caught": 8}


def _markers() -> str:
    return "\n".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="{size}" markerHeight="{size}" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="{name}-head" d="M0 0.5L8 4L0 7.5z"/></marker>'
        for name, size in _HEADS.items()
    )


def _style() -> str:
    light = ";".join(f"--{name}:{light}" for name, (light, _) in _STATUSES.items())
    dark = ";".join(f"--{name}:{dark}" for name, (_, dark) in _STATUSES.items())
    kinds = "".join(f".{name}>.icon>rect{{fill:{colour}}}" for name, colour in _KINDS.items())
    statuses = "".join(
        f".{name}>.card{{stroke:var(--{name});stroke-width:2}}.{name}>.stack{{stroke:var(--{name})}}"
        f".legend.{name} circle{{fill:var(--{name})}}"
        for name in _STATUSES
    )
    return f"""<style>
svg{{--page:#fff;--card:#fff;--part:#f5f7fa;--ink:#1c2430;--soft:#5a6575;--line:#8b95a5;--edge:#c9d0da;{light};
font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}}
@media (prefers-color-scheme:dark){{svg{{--page:#12161d;--card:#1d232d;--part:#161b23;--ink:#e8edf4;--soft:#a3adbb;
--line:#7d8899;--edge:#3a4454;{dark}}}}}
.page{{fill:var(--page)}}.card,.stack{{fill:var(--card);stroke:var(--edge);stroke-width:1.25}}
.part{{fill:var(--part);stroke:var(--edge);stroke-dasharray:3 3}}
.name{{font-size:{NAME:g}px;font-weight:700;fill:var(--ink)}}.row{{font-size:{DETAIL:g}px;fill:var(--soft)}}
.fault{{font-size:{DETAIL:g}px;fill:var(--failed)}}
.icon path,.icon circle{{fill:none;stroke:#fff;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}}
.icon .solid{{fill:#fff}}
.way{{fill:none;stroke:var(--line);stroke-width:1.4}}.way.catch{{stroke-dasharray:5 4;stroke:var(--caught)}}
.way.taken{{stroke:var(--succeeded);stroke-width:2.4}}.way.catch.taken{{stroke:var(--caught)}}
.label rect{{fill:var(--page)}}.part~.label rect{{fill:var(--part)}}
.label text{{font-size:{LABEL:g}px;fill:var(--soft)}}.label.catch text{{fill:var(--caught)}}
.label.taken text{{fill:var(--ink)}}
.idle-head{{fill:var(--line)}}.taken-head{{fill:var(--succeeded)}}.caught-head{{fill:var(--caught)}}
.dot{{fill:var(--ink)}}
.ring{{fill:none;stroke:var(--ink);stroke-width:1.4}}
.painted .way.idle,.painted .state.idle,.painted .label.idle text{{opacity:.55}}
{kinds}
{statuses}
</style>
<defs>
{_markers()}
</defs>"""


STYLE: Final = _style()
