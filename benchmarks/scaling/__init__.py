"""A million flows over 256 partitions: a simulation, and a few partitions played in earnest."""
