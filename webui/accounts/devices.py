"""What a browser calls itself, in the words of a person: "Firefox on Linux"."""

from typing import Final

# In this order: browsers also claim to be those that came before them.
_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Vivaldi", "Vivaldi"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("HeadlessChrome", "Headless Chrome"),
    ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
    ("python", "a Python program"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"), ("BSD", "BSD"),
)  # fmt: skip


def device_of(agent: str) -> str:
    """The browser and system that a User-Agent header names; what it says itself where we know neither."""
    browser = next((name for mark, name in _BROWSERS if mark.lower() in agent.lower()), "")
    system = next((name for mark, name in _SYSTEMS if mark.lower() in agent.lower()), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or agent[:60] or "unknown device"
