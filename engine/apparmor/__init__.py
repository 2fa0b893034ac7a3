"""The AppArmor profile of containers that ask for none: what it says, and its way into the kernel."""

from engine.apparmor.loading import is_enabled, is_loaded, load_default
from engine.apparmor.profile import DEFAULT_PROFILE, profile_text

__all__ = ["DEFAULT_PROFILE", "is_enabled", "is_loaded", "load_default", "profile_text"]
