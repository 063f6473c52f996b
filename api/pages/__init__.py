"""The pages people use, one module per person; `page` draws them, `forms` reads what is typed."""
