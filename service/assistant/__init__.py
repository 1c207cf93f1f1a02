"""An assistant that answers: a client of the public HTTP API like any other. Nothing here knows the inside of
Strongroom, so all of it could stand on another machine."""
