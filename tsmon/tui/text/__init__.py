"""How states, numbers, findings and requests are put into words, with their colours and symbols."""
