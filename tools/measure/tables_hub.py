"""Tables of hub/README.md: what a class takes of a server."""


def memory(results, file="memory"):
    """Megabytes of a kernel that runs a notebook: at most, after the last cell, and its own part of that."""
    rows = [["notebook", "at most, MB", "at rest, MB", "of it its own, MB"]]
    for name, found in sorted(results.get(file, {}).get("notebooks", {}).items()):
        rows.append([name, *(f"{found[key] / 1e6:.0f}" for key in ("peak", "rest", "own"))])
    return rows


def lesson(results):
    """Seconds that a student waited for a whole notebook: alone, and with three others on the hub."""
    rows = [["notebook", "alone, s", "quicker of two, s", "slower of two, s"]]
    found = results.get("hub", {}).get("lesson", {})
    for number, seconds in found.get("seconds", {}).items():
        names = [name for name in results.get("notebooks", {}) if name.startswith(number)]
        if seconds and names:
            waited = (*found.get("alone", {}).get(number, []), *sorted(seconds))
            rows.append([names[0], *map(str, waited)])
    return rows


TABLES = {"memory": memory, "hub_lesson": lesson}
