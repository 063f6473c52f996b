"""How each fact comes about by chance, and what the decisions see to besides the table.

A maker gives None where its fact does not fit: there is nobody to release, nothing to decide.
"""
