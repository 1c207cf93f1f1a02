"""What is shown besides the password: codes, back-up codes, passkeys."""
