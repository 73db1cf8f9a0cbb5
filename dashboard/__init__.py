"""What people see and type: the pages, the map, the command line."""
