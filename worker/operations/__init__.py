"""What ops do by hand: forget a customer, look a whole installation over, try old tickets. Called by scripts/ only."""
