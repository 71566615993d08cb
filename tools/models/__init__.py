from tools.models.run import RESUMABLE, UNFINISHED, RunEvent, RunState, ToolRun, Writer

__all__ = ["RESUMABLE", "UNFINISHED", "RunEvent", "RunState", "ToolRun", "Writer"]
