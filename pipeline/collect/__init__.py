"""The collector: real flow runs out of the Patchworks Core API, without touching a flow."""
