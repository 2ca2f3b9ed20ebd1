"""The mathematics: detectors that learn a flow's normal online and score what departs from it.

Pure: no clock, no I/O, no randomness. Arrays hold many flows at once; one flow is the case of
length one.
"""
