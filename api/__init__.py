"""The HTTP resources, one module each: parse, call one service function, reply. No rules live here."""
