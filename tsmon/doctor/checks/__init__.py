"""The checks: functions that judge facts and ask nothing themselves."""
