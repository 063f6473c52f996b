"""The rules of imports: how another system wrote its complaints, and what a row of it says."""
