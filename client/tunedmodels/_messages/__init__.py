"""Messages: what the service is sent and answers, as values. One module a subject, in the API's own words."""
