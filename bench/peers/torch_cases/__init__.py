"""The cases of torch_peer.py: one file for each family or few of a kind."""
