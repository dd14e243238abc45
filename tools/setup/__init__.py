"""The environment of the course: made, examined, locked. What course.py imports is standard library only."""
