"""Data folders of every version that was ever given out, opened by this one."""
