"""The resident worker: a process of the user's own that holds the models, for hosts that must not load torch.

`protocol`, `places` and `client` need the standard library alone; the GIMP plug-in ships byte copies of them. `server` and `operate` are the process itself,
`calls` is for callers inside the core.
"""
