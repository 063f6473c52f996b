"""Citizens' pages. They work without JavaScript, and get better with it.

A page calls what the API's routes call, so that both refuse and accept the same. The access code
travels in the body of a form, never in an address, where it would be logged.
"""
