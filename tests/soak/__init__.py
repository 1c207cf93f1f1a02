"""Mixed load for a given time, and then: is everything there, is nothing growing, does the history hold?"""
