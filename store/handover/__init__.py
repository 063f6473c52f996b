"""The store of neighbours, hand-overs and what is sent between them."""
