"""Answers prompts by canned rules, and explains why no rule matched a prompt."""
