"""What an approved version holds, and how two of them differ. Written by `services.approval`."""
