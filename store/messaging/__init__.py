"""What is told outside the house: messages, deliveries, channels, choices of recipients."""
