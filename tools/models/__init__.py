from tools.models.competitors import (
    CompetitorList,
    CompetitorMatch,
    CompetitorRow,
    Found,
    MatchDecision,
)
from tools.models.personas import Panel, PanelSource
from tools.models.run import RESUMABLE, UNFINISHED, RunEvent, RunState, ToolRun, Writer

__all__ = [
    "RESUMABLE",
    "UNFINISHED",
    "CompetitorList",
    "CompetitorMatch",
    "CompetitorRow",
    "Found",
    "MatchDecision",
    "Panel",
    "PanelSource",
    "RunEvent",
    "RunState",
    "ToolRun",
    "Writer",
]
