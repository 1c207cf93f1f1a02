"""The log from outside: verified, shown, published and witnessed by whoever trusts nothing of it."""
