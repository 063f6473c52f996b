"""Complaints that come many at once: exports of hotlines, batches of slips, other systems."""
