"""Sensors: readings that become tickets, and the register of devices."""
