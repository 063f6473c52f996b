"""The hands: one module per stage; everything that touches the world."""
