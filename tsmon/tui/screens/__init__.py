"""The monitor's screen and its dialogs."""
