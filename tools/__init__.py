"""What authors run, a room for each purpose: ``python -m tools.ROOM.x`` from the checkout."""
