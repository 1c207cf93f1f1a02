"""The auditor's check, strictly from the bytes up: `data_folder` and `published` say what is wrong and where.

Nothing here writes, and nothing that is read is believed: `database` and `files` open what somebody else prepared.
"""
