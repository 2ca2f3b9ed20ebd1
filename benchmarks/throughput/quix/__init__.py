"""The Quix Streams peer, in an environment of its own: what it needs conflicts with ours."""
