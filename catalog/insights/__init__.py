"""What a catalogue's products say as a whole, counted in SQL."""

from catalog.insights.counting import Insights, insights_of

__all__ = ["Insights", "insights_of"]
