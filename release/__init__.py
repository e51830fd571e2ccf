"""Makes what is handed out at a release."""
