"""Other systems told of what happens in a catalogue."""
