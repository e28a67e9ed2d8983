"""Running pytest from within the package: in this process, or in processes of its own."""
