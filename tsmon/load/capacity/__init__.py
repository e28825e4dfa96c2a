"""How many workers a rate of requests needs: service times, a queueing model, and the advice."""
