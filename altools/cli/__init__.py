"""What a user calls from a shell: the only modules that read arguments and YAML."""
