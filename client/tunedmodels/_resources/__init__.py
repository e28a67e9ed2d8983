"""The resources of the API. Each module has the methods of one resource."""
