"""What a person changes about their account: address, authenticator, passkeys, tokens, erasure."""
