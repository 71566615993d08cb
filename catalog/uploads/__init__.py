"""Files that arrive in parts (tus), kept until they are used."""
