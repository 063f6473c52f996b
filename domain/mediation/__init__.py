"""Mediations of a ticket (调解): sides, proposal, agreement and signatures."""
