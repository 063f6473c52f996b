"""Appointments that residents book at places of the directory (预约办事)."""
