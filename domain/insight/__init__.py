"""Insight: learned models that suggest, and the rules that no model may overrule."""
