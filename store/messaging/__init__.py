"""Messages that are told outside the house: deliveries, channels, choices of recipients."""
