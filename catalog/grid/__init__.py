"""The catalogue as a spreadsheet."""
