"""Incidents (突发事件): declared, told of and ended; their reports taken in and out."""
