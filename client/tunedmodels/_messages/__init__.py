"""Contains the messages of requests and answers as Python values. Each module has one subject, with the API's names."""
