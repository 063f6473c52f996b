"""Citizens' pages. They work without JavaScript, and better with it.

A page calls the same functions as the API's routes, so that both refuse and accept the same. The
access code is sent in the body of a form, never in a URL, where it would be logged.
"""
