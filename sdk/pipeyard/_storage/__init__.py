"""Files straight between this machine and a datastore's storage, in pieces that can be taken up again."""
