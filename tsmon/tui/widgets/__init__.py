"""What the monitor's screen is made of; every widget only renders what it is given."""
