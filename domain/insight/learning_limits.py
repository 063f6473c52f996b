"""The limits of learning: from how many tickets a model may be made."""

LEAST_TICKETS = 60
"""The fewest tickets that a model is made from: below it says less than keywords."""
LEAST_OF_CATEGORY = 4
"""The fewest tickets of a category that the model may suggest."""
LEAST_CATEGORIES = 2
WANTED_PRECISION = 0.98
"""The share of right ones that the threshold is chosen for: 97.5 % and a margin, as it is chosen on
messages that are not those it meets."""


class TooFewTickets(ValueError):
    """Not enough tickets to learn from."""

    code = "too_few_tickets"

    def __init__(self, tickets: int, categories: int) -> None:
        super().__init__(
            f"{tickets} tickets in {categories} categories with {LEAST_OF_CATEGORY} or more:"
            f" learning needs {LEAST_TICKETS} tickets in {LEAST_CATEGORIES} such categories"
        )
