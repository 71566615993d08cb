from tools.models.run import RunEvent, RunState, ToolRun, Writer

__all__ = ["RunEvent", "RunState", "ToolRun", "Writer"]
