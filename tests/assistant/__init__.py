"""The assistant: as a process, against a real Strongroom; only the model is made up."""
