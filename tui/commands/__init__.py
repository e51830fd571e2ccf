"""What needs no screen: the subcommands, data on stdout and talk on stderr."""
