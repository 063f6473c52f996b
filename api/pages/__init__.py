"""The HTML pages, one module per kind of user; `page` renders them, `forms` reads their input."""
