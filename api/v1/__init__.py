"""v1's own routes: what its SDK, Data Factory, Azure DevOps and plain scripts call, in its own words and shapes.

Every module translates between v1's documents and the services that the rest of the API uses; nothing is decided
here.
"""
