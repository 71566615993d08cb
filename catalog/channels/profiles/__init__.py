"""What channels ask of a product: `<channel>.toml` here, typed and checked as they are read."""

from catalog.channels.profiles.loading import ProfileError, profile, profiles, read_profile
from catalog.channels.requirements import Group, Profile, Requirement, When

__all__ = [
    "Group",
    "Profile",
    "ProfileError",
    "Requirement",
    "When",
    "profile",
    "profiles",
    "read_profile",
]
