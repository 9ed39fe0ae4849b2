"""Data Lake Analytics: its job API, and what it reports."""
