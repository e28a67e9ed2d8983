"""Methods of the API: what each route calls, and what these share."""
