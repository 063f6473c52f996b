"""Activities: one module per stage; all access to packs, the store and the engine."""
