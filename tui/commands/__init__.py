"""Runs what needs no screen: the subcommands, with data on stdout and talk on stderr."""
