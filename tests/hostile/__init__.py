"""Everything from outside is hostile, and none of it reaches a terminal raw."""
