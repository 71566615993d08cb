"""The twin simulator: twins of a listing, rehearsed before a panel of simulated shoppers."""

from tools.kinds.twin_simulator.tool import TwinSimulator

__all__ = ["TwinSimulator"]
