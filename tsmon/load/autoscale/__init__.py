"""Gives a model the workers that the advice says its traffic needs, again and again."""
